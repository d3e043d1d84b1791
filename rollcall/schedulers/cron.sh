# What does cron have to do on this machine, in which zone, and does its daemon live?
#
# Read by crontab.py. A heading begins with "@", each line of a file with "|", so that nothing in a file looks like a
# heading; an empty line before a heading says that the file ended with a line break. Nothing is changed, and what may
# not be read is said.
exec 2>/dev/null
LC_ALL=C export LC_ALL

say() { printf '\n@%s\n' "$*"; }

show() {
    if [ -r "$1" ]; then
        say "file $(stat -Lc %Z "$1" || echo -) $1"
        sed 's/^/|/' "$1"
    else
        say "unread $1"
    fi
}

say "clock $(date '+%s %z')"
say "host $(uname -n)"
say "user $(id -un)"
zone=$(readlink /etc/localtime) && say "localtime $zone"
[ -r /etc/timezone ] && say "timezone $(cat /etc/timezone)"

# Whoever sees no first process sees not all of them.
read -r first < /proc/1/comm && say "processes $first"
for process in /proc/[0-9]*; do
    read -r name < "$process/comm" || continue
    case $name in
        cron | crond)
            read -r id _ _ parent _ < "$process/stat" || continue
            say "daemon $id $parent $name $(tr '\0' ' ' < "$process/cmdline")"
            tz=$(tr '\0' '\n' < "$process/environ" | sed -n 's/^TZ=//p') && [ "$tz" ] && say "tz $id $tz"
            ;;
    esac
done

for program in /usr/sbin/cron /usr/sbin/crond /usr/bin/crond /sbin/crond; do
    [ -x "$program" ] && say "program $program"
done

for file in /etc/crontab /etc/cron.d/*; do
    [ -f "$file" ] && show "$file"
done
own=yes
for folder in /var/spool/cron/crontabs /var/spool/cron/tabs /var/spool/cron /var/cron/tabs; do
    [ -d "$folder" ] || continue
    if [ -r "$folder" ] && [ -x "$folder" ]; then
        for file in "$folder"/*; do
            [ -f "$file" ] && show "$file" && own=
        done
    else
        say "unread $folder"
    fi
done
if [ "$own" ] && command -v crontab > /dev/null; then
    if said=$(crontab -l 2>&1); then
        say "own $(id -un)"
        printf '%s\n' "$said" | sed 's/^/|/'
    else
        say "none $said"
    fi
fi

if [ -x /usr/sbin/anacron ] && [ -f /etc/anacrontab ]; then
    show /etc/anacrontab
fi
for file in /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* /etc/cron.yearly/*; do
    [ -f "$file" ] && [ -x "$file" ] && say "script $file"
done
say end
