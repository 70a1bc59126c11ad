# Makes a PostgreSQL cluster, runs it until standard input ends, then removes it. Whoever holds the other end of standard
# input may die in any way: the cluster goes with it.
# Arguments: the folder of PostgreSQL's programs, the folder to make, the port. TURNPIKE_PASSWORD: the password to set.
set -eu
trap '' INT
programs=$1 folder=$2 port=$3

umask 077
mkdir "$folder"
trap 'rm -rf "$folder"' EXIT
printf '%s' "$TURNPIKE_PASSWORD" >"$folder/password"
unset TURNPIKE_PASSWORD

"$programs/initdb" -D "$folder/data" -U turnpike -A password --pwfile="$folder/password" \
    -E UTF8 --locale=C --no-sync >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }

# Nothing here has to survive a power cut, so nothing waits for the disk.
"$programs/postgres" -D "$folder/data" -p "$port" -k "$folder" -c listen_addresses=127.0.0.1 \
    -c max_connections=200 -c fsync=off -c full_page_writes=off </dev/null >>"$folder/log" 2>&1 &
cluster=$!

cat >/dev/null
kill -INT "$cluster" 2>/dev/null || true
wait "$cluster" || true
