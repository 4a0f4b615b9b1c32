import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Notice } from './parts/notice.tsx';

/** A component that is loaded when it is needed for the first time. */
export function later<Props extends object>(load: () => Promise<FunctionComponent<Props>>): FunctionComponent<Props> {
  let loaded: FunctionComponent<Props> | undefined;
  return function Later(props) {
    const [Part, setPart] = useState(() => loaded);
    const [error, setError] = useState<unknown>();
    useEffect(() => {
      if (Part) return;
      load().then((part) => setPart(() => (loaded = part)), setError);
    }, []);
    return Part ? <Part {...props} /> : <Notice error={error} />;
  };
}
