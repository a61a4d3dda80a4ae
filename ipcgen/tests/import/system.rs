//! Structs of the system's own headers, whose layout is that of the kernel and of the C library: imported, generated, and
//! compared offset by offset by the compiler.

use std::path::Path;

use crate::agree::{Imported, agree, imported, object};
use crate::support::{Scratch, has_tool};

/// Headers with structs of theirs. One that the machine lacks is named.
const HEADERS: &[(&str, &[&str])] = &[
    (
        "linux/input.h",
        &[
            "struct input_event",
            "struct input_absinfo",
            "struct input_id",
            "struct ff_effect",
            "struct input_keymap_entry",
        ],
    ),
    ("linux/joystick.h", &["struct js_event", "struct js_corr"]),
    ("linux/can.h", &["struct can_frame", "struct canfd_frame", "struct can_filter", "struct sockaddr_can"]),
    (
        "linux/if_link.h",
        &[
            "struct rtnl_link_stats64",
            "struct rtnl_link_stats",
            "struct rtnl_link_ifmap",
            "struct ifla_vf_mac",
        ],
    ),
    ("linux/taskstats.h", &["struct taskstats"]),
    (
        "linux/perf_event.h",
        &[
            "struct perf_event_attr",
            "struct perf_event_mmap_page",
            "struct perf_event_header",
            "struct perf_branch_entry",
        ],
    ),
    ("linux/tcp.h", &["struct tcp_info", "struct tcphdr", "struct tcp_repair_window", "struct tcp_md5sig"]),
    ("linux/stat.h", &["struct statx", "struct statx_timestamp"]),
    ("sys/stat.h", &["struct stat"]),
    ("sys/inotify.h", &["struct inotify_event"]),
    (
        "linux/ethtool.h",
        &[
            "struct ethtool_cmd",
            "struct ethtool_drvinfo",
            "struct ethtool_coalesce",
            "struct ethtool_ringparam",
            "struct ethtool_pauseparam",
            "struct ethtool_ts_info",
        ],
    ),
    ("linux/fanotify.h", &["struct fanotify_event_metadata"]),
    ("linux/rtnetlink.h", &["struct rtmsg", "struct ifinfomsg", "struct tcmsg", "struct ndmsg"]),
    ("linux/netlink.h", &["struct nlmsghdr", "struct sockaddr_nl", "struct nlmsgerr"]),
    (
        "linux/videodev2.h",
        &["struct v4l2_capability", "struct v4l2_buffer", "struct v4l2_format", "struct v4l2_pix_format"],
    ),
    ("linux/fb.h", &["struct fb_var_screeninfo", "struct fb_fix_screeninfo"]),
    ("linux/bpf.h", &["struct bpf_map_info", "struct bpf_prog_info", "struct xdp_md"]),
    ("linux/io_uring.h", &["struct io_uring_sqe", "struct io_uring_cqe", "struct io_uring_params"]),
    ("linux/aio_abi.h", &["struct iocb", "struct io_event"]),
    ("linux/kvm.h", &["struct kvm_run", "struct kvm_userspace_memory_region"]),
    ("linux/nvme_ioctl.h", &["struct nvme_passthru_cmd", "struct nvme_user_io"]),
    ("linux/fuse.h", &["struct fuse_attr", "struct fuse_in_header", "struct fuse_init_out"]),
    ("linux/rtc.h", &["struct rtc_time", "struct rtc_wkalrm"]),
    ("linux/loop.h", &["struct loop_info64"]),
    ("linux/pps.h", &["struct pps_kinfo", "struct pps_kparams"]),
    ("linux/ptp_clock.h", &["struct ptp_clock_caps", "struct ptp_sys_offset"]),
    ("linux/gpio.h", &["struct gpio_v2_line_event", "struct gpio_v2_line_request"]),
    ("linux/spi/spidev.h", &["struct spi_ioc_transfer"]),
    ("linux/vfio.h", &["struct vfio_device_info", "struct vfio_region_info"]),
    ("linux/virtio_net.h", &["struct virtio_net_config", "struct virtio_net_hdr_v1"]),
    ("linux/cdrom.h", &["struct cdrom_tocentry"]),
    ("linux/hdreg.h", &["struct hd_driveid"]),
    ("linux/ip.h", &["struct iphdr"]),
    ("linux/acct.h", &["struct acct_v3"]),
    ("linux/hidraw.h", &["struct hidraw_report_descriptor", "struct hidraw_devinfo"]),
    ("linux/uinput.h", &["struct uinput_user_dev", "struct uinput_setup"]),
    ("linux/audit.h", &["struct audit_status"]),
    ("linux/seccomp.h", &["struct seccomp_data", "struct seccomp_notif"]),
    ("linux/elf.h", &["struct elf64_hdr", "struct elf64_phdr", "struct elf64_sym"]),
    ("sound/asound.h", &["struct snd_pcm_status", "struct snd_ctl_elem_info", "struct snd_timer_tread"]),
    ("drm/drm_mode.h", &["struct drm_mode_modeinfo", "struct drm_mode_get_connector"]),
    ("rdma/ib_user_verbs.h", &["struct ib_uverbs_query_device_resp"]),
    ("mtd/mtd-abi.h", &["struct mtd_info_user"]),
    ("scsi/sg.h", &["struct sg_io_hdr"]),
    ("sys/statvfs.h", &["struct statvfs"]),
    ("sys/vfs.h", &["struct statfs"]),
    ("sys/resource.h", &["struct rusage", "struct rlimit"]),
    ("sys/sysinfo.h", &["struct sysinfo"]),
    ("sys/utsname.h", &["struct utsname"]),
    ("sys/shm.h", &["struct shmid_ds"]),
    ("sys/sem.h", &["struct semid_ds", "struct sembuf"]),
    ("sys/msg.h", &["struct msqid_ds"]),
    ("sys/epoll.h", &["struct epoll_event"]),
    ("sys/timex.h", &["struct timex"]),
    ("sys/un.h", &["struct sockaddr_un"]),
    ("sys/signalfd.h", &["struct signalfd_siginfo"]),
    ("sys/times.h", &["struct tms"]),
    ("signal.h", &["siginfo_t", "stack_t"]),
    ("netinet/in.h", &["struct sockaddr_in", "struct sockaddr_in6", "struct ip_mreq"]),
    ("dirent.h", &["struct dirent"]),
    ("termios.h", &["struct termios"]),
    ("time.h", &["struct tm", "struct timespec", "struct itimerspec"]),
    ("utmpx.h", &["struct utmpx"]),
    ("stdlib.h", &["div_t", "lldiv_t"]),
    ("locale.h", &["struct lconv"]),
    ("poll.h", &["struct pollfd"]),
    ("fcntl.h", &["struct flock"]),
    ("regex.h", &["regex_t", "regmatch_t"]),
    ("elf.h", &["Elf64_Ehdr", "Elf64_Shdr", "Elf64_Rela"]),
    ("link.h", &["struct dl_phdr_info"]),
    ("fenv.h", &["fenv_t"]),
    ("ucontext.h", &["ucontext_t"]),
    ("setjmp.h", &["struct __jmp_buf_tag"]),
];

#[test]
fn real_structs_agree_offset_by_offset() {
    if !has_tool("cc") {
        return;
    }
    let arguments = ["-D_GNU_SOURCE"];
    let (mut done, mut absent) = (0, Vec::new());
    for (at, (header, structs)) in HEADERS.iter().enumerate() {
        let header = Path::new(header);
        let object = match object(header, "", &arguments) {
            Ok(object) => object,
            Err(fault) => {
                assert!(fault.contains("No such file") || fault.contains("not found"), "{fault}");
                absent.push(header.display().to_string());
                continue;
            }
        };
        let mut all: Vec<Imported> = Vec::new();
        for (number, spelled) in structs.iter().enumerate() {
            match imported(&object, spelled, &format!("legacy{at}_{number}")) {
                Ok(imported) => all.push(imported),
                Err(fault) => {
                    assert!(fault.contains("no struct is called"), "{}: {fault}", header.display());
                    absent.push(format!("{spelled} of {}", header.display()));
                }
            }
        }
        done += all.len();
        let folder = Scratch::new(&format!("import-system-{at}"));
        agree("cc", &folder, header, &all, &arguments);
    }
    if !absent.is_empty() {
        println!("skipped, not on this machine: {}", absent.join(", "));
    }
    assert!(done >= 50, "{done} structs");
}
