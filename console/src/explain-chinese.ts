/** What is said in Chinese of a finding, by its rule; `{x}` is its figure of that name. Of a rule that is not here the server's words are shown. */
export const findingsInChinese: Readonly<Record<string, { readonly what: string; readonly remedy: string }>> = {
  'publisher-gone': {
    what: '推流端已离开，观众已等待 {silence_s} 秒。',
    remedy: '请检查编码器和它的网络；重新连接后观众会自动继续播放。日志中的“publish ends”一行写有断开的原因。',
  },
  'publisher-silent': {
    what: '推流端 {remote} 仍然连接着，但已有 {silence_s} 秒没有发送任何数据。',
    remedy:
      '它的网络中断了，或者编码器卡住了。如果两者看起来都正常，请让它重新连接；超过 publish.idleTimeout 后服务器会关闭它。',
  },
  'origin-silent': {
    what: '已有 {silence_s} 秒没有从另一个节点（{remote}）收到数据。',
    remedy:
      '请在那个节点上查看此流的诊断：可能是它的推流端中断了。如果那边正常，则是节点之间的线路有问题；这里的日志写有断开的原因。',
  },
  'uplink-dips': {
    what: '推流端的画面和声音最多迟到 {late_ms} 毫秒，最近 {seconds_s} 秒内发生 {dips} 次；它需要 {needed_kbps} kbit/s，最差时只到 {least_kbps}。它的上行带宽不能始终承载这路流。',
    remedy:
      '把码率降到上行带宽的三分之二，或者用网线代替 Wi-Fi。OBS：设置 > 输出 > 视频比特率，以及 高级 > 网络 > 动态改变码率。ffmpeg：-b:v，并把 -maxrate 设为相同、-bufsize 设为一半。',
  },
  'timestamps-jump': {
    what: '最近 {seconds_s} 秒内推流端的时间戳跳变了 {jumps} 次。服务器已修正；但录像或转推出去的内容中仍可能有间断。',
    remedy:
      '让编码器自己产生时间戳。ffmpeg：循环播放的文件或文件列表要在 -i 之前加 -re，摄像头要在 -i 之前加 -use_wallclock_as_timestamps 1，不要用 -copyts。OBS：媒体源或采集卡重置时会这样；请重启它，或者关闭“使用设备时间戳”。',
  },
  'one-track-jumps': {
    what: '最近 {seconds_s} 秒内，声音或画面之一的时间戳单独跳变了 {times} 次：此后两者的对应关系只能估计，口型可能对不上。',
    remedy:
      '让声音和画面使用同一个时钟：重启推流端；如果它合并了两个输入，ffmpeg：在每个 -i 之前加 -use_wallclock_as_timestamps 1，并加 -af aresample=async=1。',
  },
  'sound-drifts': {
    what: '在 {running_s} 秒内，声音的时间戳相对画面偏移了 {drift_ms} 毫秒：口型对不上，而且会越来越严重。',
    remedy:
      '编码器声明的采样率与声音实际到来的速度不符。OBS：设置 > 音频 > 采样率 与系统和设备一致（48 kHz）。ffmpeg：-af aresample=async=1 使声音与时间戳相符。重启推流端后偏移从 0 开始。',
  },
  'sound-apart': {
    what: '同一时刻的声音比画面晚到 {skew_ms} 毫秒（负数表示早到）：播放器必须等待较晚的一方，缓冲小的会卡顿。',
    remedy:
      '让编码器把两者一起发送。ffmpeg：-max_interleave_delta 500000，某个输入本身较晚时用 -itsoffset；x264 加 -tune zerolatency，因为前瞻会推迟画面。OBS：编辑 > 高级音频属性 > 同步偏移。',
  },
  'sound-length': {
    what: '时间戳跨越 {time_s} 秒，声音却有 {sound_s} 秒：播放器会用静音填补空隙，或者在那里停住，或者丢掉多余的声音，口型也会对不上。',
    remedy:
      '如果缺少，是声音被漏掉了：设备掉线、处理器太慢，或者编码器在静音时暂停。如果比例固定，则是采样率不对：系统、设备以及 OBS 的 设置 > 音频 中都设为同一个采样率，例如 48 kHz。ffmpeg：-af aresample=async=1。',
  },
  'pictures-missing': {
    what: '编码器漏掉了画面：每秒 {fps} 帧，却有长达 {longest_ms} 毫秒没有画面，最近 {seconds_s} 秒内有 {times} 次。',
    remedy:
      '编码器太慢，或者因上行带宽不足而丢帧。OBS：统计窗口区分丢弃的帧（网络）和跳过的帧（编码器）；降低输出分辨率，或者用更快的预设或硬件编码器。ffmpeg：-preset veryfast。',
  },
  'gop-too-long': {
    what: '关键帧间隔最长 {longest_s} 秒：观众进入慢，或者落后很多；丢失后要等同样久；HLS 的延迟是它的好几倍。',
    remedy:
      '每 2 秒设一个关键帧。OBS：设置 > 输出 > 关键帧间隔 2 秒（0 是自动，x264 为 250 帧）。ffmpeg：-g 设为帧率的两倍，例如 -g 60；帧率不固定时用 -force_key_frames "expr:gte(t,n_forced*2)"。',
  },
  'picture-unplayable': {
    what: '画面是 {codec}，没有浏览器能从 FLV 或 HLS 播放它。',
    remedy:
      '请发送 8 位、4:2:0 的 H.264。OBS：设置 > 高级 > 颜色格式 NV12，以及 输出 > 视频编码器 x264 或硬件 H.264。ffmpeg：-c:v libx264 -pix_fmt yuv420p。GStreamer：在 x264enc 之前加 video/x-raw,format=I420。',
  },
  'picture-not-everywhere': {
    what: '画面是 {codec}，不是所有浏览器都能播放：H.265 在 Safari 中可以，其他浏览器只有显卡能解码时才可以；AV1 和 VP9 除较旧的 Safari 外都可以。',
    remedy:
      '需要人人都能观看时请发送 H.264。OBS：设置 > 输出 > 视频编码器 x264 或硬件 H.264。ffmpeg：-c:v libx264 -pix_fmt yuv420p。',
  },
  'sound-not-everywhere': {
    what: '声音是 {codec}，不是所有浏览器都能播放：AC-3 和 E-AC-3 几乎只有 Safari 可以，Opus 除较旧的 Safari 外都可以。',
    remedy: '请发送 AAC。OBS：设置 > 输出 > 音频编码器 AAC。ffmpeg：-c:a aac -b:a 128k。',
  },
  'link-loss': {
    what: '来自 {remote} 的链路丢失 {lost_percent} % 的包，其中 {residual_percent} %（{residual} 个）无法补回：往返时间为 {rtt_ms} 毫秒，补发来不及在 {latency_ms} 毫秒的延迟内到达。观众会看到花屏。',
    remedy:
      '在这里把 relay.latency 设为 {better_ms} 毫秒或更多，或者设为 auto。如果太长，relay.fec: auto 可用校验数据恢复更多。丢包、往返时间与延迟的对照表见 docs/link.md。',
  },
  'edge-loss': {
    what: '边缘节点 {remote} 报告：发给它的包丢失 {lost_percent} %，其中 {residual_percent} %（{residual} 个）无法补回。那里的观众会看到花屏。',
    remedy:
      '请在那个边缘节点上查看此流的诊断：它知道多大的 relay.latency 才够。在那里设置它，或者设 relay.latency: auto。',
  },
  'link-without-udp': {
    what: '此流从 {remote} 经 QUIC 或 TLS 传来，因为 UDP 不通：途中每次丢失都会耽搁其后的一切。',
    remedy:
      '请在那个节点的防火墙及其服务商处开放 relay.media 的 UDP 端口（默认 5220）。若不想用 UDP，也不想看到此提示，可在这里设 relay.media: off。',
  },
  'node-busy': {
    what: '本节点的工作进程 {worker} 在最近一分钟有 {busy_percent} % 的时间在忙，待办的事最多等了 {delay_ms} 毫秒：所有流的数据都会发送得晚。',
    remedy:
      '把观众分到其他节点，或者增加一个边缘节点；如果有空闲的核，把 cluster.workers 设为 auto。如果是别的程序占用了机器，请移走它。',
  },
  'node-full': {
    what: '最近一分钟本节点因限额拒绝了 {refused} 个连接，因内存不足关闭了 {shed} 个观众。',
    remedy:
      '把观众分到其他节点；如果机器还有余量，提高达到的限额：limits.connections、limits.connectionsPerAddress、limits.memory。',
  },
  'viewers-slow': {
    what: '{count} 个观众中有 {slow} 个跟不上这路流，最近一分钟错过了 {skipped} 帧：每个都从下一个关键帧继续。',
    remedy:
      '如果只是少数人，是他们的网络问题：请提供较低的码率，或者另一条线路。如果是大多数人，则是本节点的网络问题：请检查它的带宽，并把观众分到其他节点。',
  },
};
