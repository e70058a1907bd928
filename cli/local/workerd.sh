#!/bin/sh
# Runs workerd so that it cannot outlive the program that started it, even if that is killed: descriptor 3 is a socket
# whose other end it holds. Should this fail too, the next start finds the process id in a file.
echo $$ >"$NANOFLARE_WORKERD_PID"
(
	read -r _ <&3
	while kill -0 $$; do
		kill -0 "$PPID" || { kill -9 $$; exit; }
		sleep 1
	done
) >/dev/null 2>&1 </dev/null &
exec "$NANOFLARE_WORKERD" "$@"
