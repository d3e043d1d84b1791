# A machine within this one, for a cron and a journal that nobody else's are: its own /etc, spool, log and processes.
# Called by `unshare --mount --pid --fork --uts --ipc`; says "ready", and stays.
set -e
mount --make-rprivate /
mount -t tmpfs box /mnt
mkdir /mnt/upper /mnt/work /mnt/dev
mount -t overlay etc -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc
mount -t proc proc /proc
for folder in /run /var/spool /var/log; do mount -t tmpfs box "$folder"; done
mkdir -p /run/systemd/journal /var/log/journal /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
chmod 1730 /var/spool/cron/crontabs
for device in null zero urandom random tty full; do
    touch "/mnt/dev/$device"
    mount --bind "/dev/$device" "/mnt/dev/$device"
done
mount --rbind /mnt/dev /dev
ln -s /run/systemd/journal/dev-log /dev/log
hostname box
echo 0123456789abcdef0123456789abcdef > /etc/machine-id
ln -sf /usr/share/zoneinfo/Europe/Zurich /etc/localtime
rm -rf /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* /etc/crontab
mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nStorage=persistent\nForwardToSyslog=yes\nReadKMsg=no\nAudit=no\n' > /etc/systemd/journald.conf.d/box.conf
/lib/systemd/systemd-journald &
while [ ! -S /run/systemd/journal/dev-log ]; do sleep 0.1; done
echo ready
wait
