# Which lines of a log, and of those that were rotated away since, are cron's?
#
# Called with the log and an epoch. Read by cron_log.py: a heading begins with "@", a line with "|". Of each file come
# its first line, which tells since when it is kept, its last, and those of cron.
exec 2>/dev/null
LC_ALL=C export LC_ALL

say() { printf '\n@%s\n' "$*"; }

found=
for file in $(ls -1tr "$1" "$1".* "$1"-*); do
    case ${file#"$1"} in
        '' | .[0-9]* | -[0-9]*) [ -f "$file" ] || continue ;;
        *) continue ;;
    esac
    found=yes
    if [ "$file" != "$1" ] && [ "$(stat -Lc %Y "$file")" -lt "$2" ]; then
        say "older $file"
        continue
    fi
    [ -r "$file" ] || { say "unread $file"; continue; }
    say "file $(stat -Lc %Y "$file") $file"
    case $file in
        *.gz) zcat "$file" ;;
        *.xz) xz -dc "$file" ;;
        *.bz2) bzip2 -dc "$file" ;;
        *.zst) zstd -dcq "$file" ;;
        *) cat "$file" ;;
    esac | sed -n -e 's/^/|/' -e '1{p;b' -e '}' -e '/[cC][rR][oO][nN][dD]\{0,1\}\[/{p;b' -e '}' -e '$p'
done
[ "$found" ] || say "none $1"
say end
