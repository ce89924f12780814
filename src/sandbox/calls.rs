//! The system calls that a confined process may make, and with which arguments.
//!
//! The list is what Kustomize, both Helms (static Go programs, and dynamic ones with the C library's
//! start) and the worker call, and their like: memory, threads, time, files by name. What is not in
//! it is refused, whether this file knows of it or not. Landlock decides which files; here stand the
//! calls it does not judge (`chmod`, `utime` and their kind reach any file of the same owner) left out.

use libc::c_long;

/// Allowed with any arguments, on every architecture.
const ALLOWED: &[c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads, signals to oneself, the end.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_getcpu,
    libc::SYS_gettid,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sigaltstack,
    // Time and waiting.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_setitimer,
    // Who and where it is.
    libc::SYS_getcwd,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getgroups,
    libc::SYS_getpgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getresgid,
    libc::SYS_getresuid,
    libc::SYS_getrusage,
    libc::SYS_getuid,
    libc::SYS_sysinfo,
    libc::SYS_times,
    libc::SYS_umask,
    libc::SYS_uname,
    // Files.
    libc::SYS_chdir,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_copy_file_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fadvise64,
    libc::SYS_fallocate,
    libc::SYS_fchdir,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_mkdirat,
    libc::SYS_newfstatat,
    libc::SYS_pipe2,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_read,
    libc::SYS_readahead,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_renameat2,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_truncate,
    libc::SYS_unlinkat,
    libc::SYS_write,
    libc::SYS_writev,
];

/// What x86-64 alone still has: older forms of the above.
#[cfg(target_arch = "x86_64")]
const ALLOWED_HERE: &[c_long] = &[
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_dup2,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_getdents,
    libc::SYS_getpgrp,
    libc::SYS_getrlimit,
    libc::SYS_lstat,
    libc::SYS_mkdir,
    libc::SYS_pause,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_rmdir,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_time,
    libc::SYS_unlink,
];
#[cfg(target_arch = "aarch64")]
const ALLOWED_HERE: &[c_long] = &[];

/// Said not to exist, so that programs fall back to an older form whose arguments a filter can see:
/// these take theirs from memory.
pub(super) const HIDDEN: [c_long; 2] = [libc::SYS_clone3, libc::SYS_openat2];

/// The newest call that was weighed (`mseal`, Linux 6.10; numbers of new calls are the same on every
/// architecture). Later ones are said not to exist, which is what programs expect of an older kernel.
pub(super) const NEWEST: u32 = 462;

/// What one argument has to be: its lower 32 bits, or the upper ones of a pointer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Argument {
    /// One of these.
    OneOf(&'static [u32]),
    /// With this bit set.
    Has(u32),
    /// With none of these bits set.
    Lacks(u32),
    /// The number of the process itself.
    Own,
    /// A null pointer.
    Null,
}

/// A call that is allowed with some arguments: (index from 0, what it has to be).
pub(super) struct Conditional {
    pub(super) call: c_long,
    pub(super) arguments: &'static [(u32, Argument)],
}

/// A file without a name is on no list of the private folder, whose size is watched.
const NAMED: Argument = Argument::Lacks(0x0040_0000);

const CONDITIONAL: &[Conditional] = &[
    // Threads, in the namespaces of their process.
    Conditional {
        call: libc::SYS_clone,
        arguments: &[
            (0, Argument::Has(0x0001_0000)),
            (0, Argument::Lacks(0x7E02_0000)),
        ],
    },
    Conditional {
        call: libc::SYS_tgkill,
        arguments: &[(0, Argument::Own)],
    },
    Conditional {
        call: libc::SYS_openat,
        arguments: &[(2, NAMED)],
    },
    // Everything about descriptors and locks; not who is sent which signal, nor leases.
    Conditional {
        call: libc::SYS_fcntl,
        arguments: &[(
            1,
            Argument::OneOf(&[0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032]),
        )],
    },
    // Whether it is a terminal and how wide, blocking, closing on `exec`, how much waits.
    Conditional {
        call: libc::SYS_ioctl,
        arguments: &[(
            1,
            Argument::OneOf(&[0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451]),
        )],
    },
    // Names of threads and of memory. Not the signal at the parent's death.
    Conditional {
        call: libc::SYS_prctl,
        arguments: &[(0, Argument::OneOf(&[15, 16, 0x5356_4D41]))],
    },
    // Its own limits, to read. An administrator could raise them.
    Conditional {
        call: libc::SYS_prlimit64,
        arguments: &[(0, Argument::OneOf(&[0])), (2, Argument::Null)],
    },
    // Not 100 and 101, by which an administrator takes memory from the machine.
    Conditional {
        call: libc::SYS_madvise,
        arguments: &[(
            2,
            Argument::OneOf(&[
                0, 1, 2, 3, 4, 8, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25, 102, 103,
            ]),
        )],
    },
    #[cfg(target_arch = "x86_64")]
    Conditional {
        call: libc::SYS_open,
        arguments: &[(1, NAMED)],
    },
];

/// The calls allowed with some arguments.
pub(super) fn conditional() -> &'static [Conditional] {
    CONDITIONAL
}

/// The numbers allowed with any arguments, in order, once each.
pub(super) fn allowed(may_execute: bool) -> Vec<u32> {
    let execute = may_execute.then_some(libc::SYS_execve);
    let calls = ALLOWED.iter().chain(ALLOWED_HERE).copied().chain(execute);
    let mut numbers: Vec<u32> = calls.map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Numbers of system calls are small and never negative; a number out of range matches nothing that
/// exists.
pub(super) fn number(call: c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}
