/* Two network namespaces whose only way to each other is through this program: `tun-pair PORT_A PORT_B`.
 *
 * Each has a TUN device. What leaves by that of A (10.77.0.1) is sent as it is, one IPv4 packet a datagram, to PORT_A of
 * loopback outside; what comes back from there enters A. The same with B (10.77.0.2) and PORT_B. Whoever has these ports
 * decides what becomes of the packets.
 *
 * Prints `{"a":{"pid":P,"port":Q},"b":{…}}`: a process within the namespace, and the port to send its packets to. Ends with its
 * standard input, and nothing of it stays. Needs the right to make namespaces: root, or `unshare -r`. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MTU 1500
#define MOST_AT_ONCE 64
#define SOCKET_BUFFER (4 << 20)

struct end {
  int tun, socket, port;
  pid_t inside;
};

static void check(int result, const char *what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static struct sockaddr_in ipv4(const char *address, int port) {
  struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, address, &result.sin_addr);
  return result;
}

/* A socket to and from a port of loopback. */
static void open_socket(struct end *end, int port) {
  int size = SOCKET_BUFFER;
  struct sockaddr_in own = ipv4("127.0.0.1", 0), other = ipv4("127.0.0.1", port);
  socklen_t length = sizeof own;
  check(end->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), "socket");
  setsockopt(end->socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(end->socket, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  check(bind(end->socket, (struct sockaddr *)&own, sizeof own), "bind");
  check(connect(end->socket, (struct sockaddr *)&other, sizeof other), "connect");
  check(getsockname(end->socket, (struct sockaddr *)&own, &length), "getsockname");
  end->port = ntohs(own.sin_port);
}

static struct ifreq request_for(const char *name) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  return request;
}

static void set_address(int control, struct ifreq request, unsigned long what, const char *address) {
  struct sockaddr_in value = ipv4(address, 0);
  memcpy(&request.ifr_addr, &value, sizeof value);
  check(ioctl(control, what, &request), address);
}

static void bring_up(int control, struct ifreq request) {
  check(ioctl(control, SIOCGIFFLAGS, &request), "the flags of a device");
  request.ifr_flags |= IFF_UP;
  check(ioctl(control, SIOCSIFFLAGS, &request), "bringing up a device");
}

/* Moves this process into a new namespace that has a device. */
static int enter_new(const char *own, const char *other) {
  check(unshare(CLONE_NEWNET), "a network namespace");
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK), control = socket(AF_INET, SOCK_DGRAM, 0);
  check(tun, "/dev/net/tun");
  struct ifreq device = request_for("path0");
  device.ifr_flags = IFF_TUN | IFF_NO_PI;
  check(ioctl(tun, TUNSETIFF, &device), "a TUN device");
  device = request_for("path0");
  set_address(control, device, SIOCSIFADDR, own);
  set_address(control, device, SIOCSIFDSTADDR, other);
  device.ifr_mtu = MTU;
  check(ioctl(control, SIOCSIFMTU, &device), "the MTU");
  bring_up(control, request_for("path0"));
  bring_up(control, request_for("lo"));
  close(control);
  return tun;
}

/* A process that does nothing but keep the namespace alive. */
static pid_t stay_inside(void) {
  pid_t child = fork();
  check(child, "fork");
  if (child > 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) pause();
}

static void carry(int from, int to) {
  char packet[65536];
  for (int i = 0; i < MOST_AT_ONCE; i++) {
    ssize_t length = read(from, packet, sizeof packet);
    if (length <= 0) return;
    int is_ipv4 = (packet[0] & 0xf0) == 0x40;
    if (is_ipv4 && write(to, packet, length) < 0) continue; /* a full buffer loses it, as on any path */
  }
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  struct end a, b;
  open_socket(&a, atoi(arguments[1]));
  open_socket(&b, atoi(arguments[2]));
  a.tun = enter_new("10.77.0.1", "10.77.0.2");
  a.inside = stay_inside();
  b.tun = enter_new("10.77.0.2", "10.77.0.1");
  b.inside = getpid();
  signal(SIGPIPE, SIG_IGN);
  printf("{\"a\":{\"pid\":%d,\"port\":%d},\"b\":{\"pid\":%d,\"port\":%d}}\n", a.inside, a.port, b.inside, b.port);
  fflush(stdout);
  struct pollfd wait[] = {{a.tun, POLLIN, 0}, {a.socket, POLLIN, 0}, {b.tun, POLLIN, 0}, {b.socket, POLLIN, 0}, {0, POLLIN, 0}};
  while (poll(wait, 5, -1) >= 0) {
    carry(a.tun, a.socket);
    carry(a.socket, a.tun);
    carry(b.tun, b.socket);
    carry(b.socket, b.tun);
    char line[64];
    if (wait[4].revents && read(0, line, sizeof line) <= 0) break;
  }
  kill(a.inside, SIGKILL);
  waitpid(a.inside, NULL, 0);
  return 0;
}
