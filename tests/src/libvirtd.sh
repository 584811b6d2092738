# The first process of a libvirtd that nothing else on this machine can see or meet: it has its own mounts, network and
# process ids. Reads commands from its standard input, one a line, and answers each with a line when it is done. When
# its input ends so does it, and the kernel ends all that it started, virtual machines too.
set -eu
dir=$1

# No D-Bus, no udev, no other libvirt: with /run empty, none can be reached by name.
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/libvirt
mount -t sysfs sysfs /sys
for state in /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt; do
    mkdir -p "$state"
    mount -t tmpfs tmpfs "$state"
done
# As Debian's package has it: the consoles' logs go there too.
mkdir -p /var/log/libvirt/qemu
ip link set lo up

# /dev without kvm: one that is there and doesn't work has guests hang, and libvirt probe QEMU again and again. All
# machines here are emulated.
mkdir "$dir/dev"
mount -t tmpfs -o mode=755 tmpfs "$dir/dev"
for device in /dev/*; do
    copy=$dir/dev/${device##*/}
    case $device in
    # ptmx finds its terminals beside itself, which a copy of it has not.
    /dev/kvm | /dev/pts | /dev/ptmx) continue ;;
    esac
    if [ -L "$device" ]; then
        cp -P "$device" "$copy"
    elif [ -d "$device" ]; then
        mkdir "$copy"
        mount --rbind "$device" "$copy"
    else
        : >"$copy"
        mount --bind "$device" "$copy"
    fi
done
mkdir "$dir/dev/pts"
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$dir/dev/pts"
ln -s pts/ptmx "$dir/dev/ptmx"
mount --move "$dir/dev" /dev

cat >/etc/libvirt/libvirtd.conf <<CONF
unix_sock_dir = "$dir"
auth_unix_rw = "none"
auth_unix_ro = "none"
CONF
# root: else libvirt probes QEMU as one user and looks for the result as another, which takes seconds at every start.
cat >/etc/libvirt/qemu.conf <<CONF
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
namespaces = []
cgroup_controllers = []
security_driver = "none"
seccomp_sandbox = 0
stdio_handler = "file"
CONF

serve() {
    while read -r command; do
        case $command in
        start)
            libvirtd --config /etc/libvirt/libvirtd.conf </dev/null >>"$dir/libvirtd.log" 2>&1 &
            pid=$!
            ;;
        stop)
            kill -TERM "$pid"
            wait "$pid" || :
            ;;
        kill)
            kill -KILL "$pid"
            # The shell would say "Killed" here.
            wait "$pid" 2>/dev/null || :
            ;;
        freeze) kill -STOP "$pid" ;;
        thaw) kill -CONT "$pid" ;;
        esac
        echo "$command"
    done
}

# In a child: this shell waits for it meanwhile, and so reaps the virtual machines that end.
(serve)
exit 0
