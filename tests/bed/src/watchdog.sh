# Stops what a process of the test bed started, once that process is gone: its end of
# the pipe on our standard input closes however it ended, SIGKILL included.
#
# Parts are found by a mark in their environment, so that neither a part started in the last
# instant, nor the child of a part, nor a number used again can be missed or mistaken.
#
# usage: watchdog.sh RUN-ID RUN-DIRECTORY
trap '' HUP INT TERM
run=$1
dir=$2
failed=

while read -r word; do
    [ "$word" = failed ] && failed=yes
done

# Processes of this run with stop order $1.
parts() {
    grep -lzxF "ACM_BACKUP_BED_PART=$run:$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3
}

# 1 clients, 2 API servers, 3 stores: an API server that lost its etcd hangs on its way out.
for order in 1 2 3; do
    left=$(parts $order)
    [ -n "$left" ] && kill -TERM $left 2>/dev/null
    tries=0
    while [ -n "$(parts $order)" ] && [ $tries -lt 30 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    left=$(parts $order)
    [ -n "$left" ] && kill -KILL $left 2>/dev/null
done

# A part being started while the process died may have shown its mark only now.
quiet=0
tries=0
while [ $quiet -lt 2 ] && [ $tries -lt 50 ]; do
    left="$(parts 1) $(parts 2) $(parts 3)"
    if [ "$left" = "  " ]; then
        quiet=$((quiet + 1))
    else
        quiet=0
        kill -KILL $left 2>/dev/null
    fi
    tries=$((tries + 1))
    [ $quiet -lt 2 ] && sleep 0.1
done

if [ -n "$failed" ]; then
    rm -rf "$dir"/*/data "$dir/watchdog.sh"
    # Only what is empty: a failure without logs leaves nothing to look at.
    rmdir "$dir"/*/logs "$dir"/* "$dir" 2>/dev/null
else
    rm -rf "$dir"
fi
