//! The system-call filter: a short program that the kernel runs before every call.
//!
//! It refuses what a renderer never needs and an attacker would: sockets of every kind (Landlock
//! covers TCP alone), new processes, other processes' memory, kernel interfaces with a history. It
//! is written out instruction by instruction because two rules do not fit a list of numbers: calls
//! of the x32 interface share this architecture's mark and would pass under other numbers, and a
//! new thread differs from a new process only by a flag.

use libc::{ENOSYS, EPERM, c_long};
use seccompiler::{BpfProgram, sock_filter};

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;

/// Answered with EPERM. (`fork` and `vfork` exist on x86-64 only, see [`refused`].)
const REFUSED: &[c_long] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kcmp,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_personality,
    // A file in memory is on no file system that Landlock watches: executing it would escape.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_execveat,
];

const CLONE_THREAD: u32 = 0x0001_0000;

// Classic BPF: load a word of the call's description, jump, return.
const LOAD_WORD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER_EQUAL: u16 = 0x35;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

// Offsets into the kernel's `struct seccomp_data`, little endian on both architectures.
const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCHITECTURE: u32 = 4;
const OFFSET_FIRST_ARGUMENT: u32 = 16;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;

/// What the program is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// A tool: one `execve` has to start it (Landlock decides of which file).
    Tool,
    /// The worker, which stays this binary.
    Worker,
}

/// The filter for the process `own`.
pub(super) fn build_program(subject: Subject, own: u32) -> BpfProgram {
    let mut program = vec![
        statement(LOAD_WORD, OFFSET_ARCHITECTURE),
        jump(JUMP_EQUAL, ARCHITECTURE, 1, 0),
        statement(RETURN, KILL),
        statement(LOAD_WORD, OFFSET_NUMBER),
    ];
    if cfg!(target_arch = "x86_64") {
        const X32: u32 = 0x4000_0000;
        program.push(jump(JUMP_GREATER_EQUAL, X32, 0, 1));
        program.push(statement(RETURN, error(EPERM)));
    }
    for call in refused(subject) {
        program.push(jump(JUMP_EQUAL, number(call), 0, 1));
        program.push(statement(RETURN, error(EPERM)));
    }
    // `clone3` takes its flags from memory, where no filter can see them; told that it does not
    // exist, every C library and the Go runtime fall back to `clone`.
    program.push(jump(JUMP_EQUAL, number(libc::SYS_clone3), 0, 1));
    program.push(statement(RETURN, error(ENOSYS)));
    push_unless(&mut program, libc::SYS_clone, JUMP_ANY_BIT, CLONE_THREAD);
    push_unless(&mut program, libc::SYS_tgkill, JUMP_EQUAL, own);
    program.push(statement(RETURN, ALLOW));
    program
}

fn refused(subject: Subject) -> impl Iterator<Item = c_long> {
    #[cfg(target_arch = "x86_64")]
    let processes = [libc::SYS_fork, libc::SYS_vfork];
    #[cfg(target_arch = "aarch64")]
    let processes: [c_long; 0] = [];
    let execute = (subject == Subject::Worker).then_some(libc::SYS_execve);
    REFUSED.iter().copied().chain(processes).chain(execute)
}

/// Refuses `call` unless its first argument passes the test.
fn push_unless(program: &mut BpfProgram, call: c_long, test: u16, value: u32) {
    program.extend([
        jump(JUMP_EQUAL, number(call), 0, 4),
        statement(LOAD_WORD, OFFSET_FIRST_ARGUMENT),
        jump(test, value, 1, 0),
        statement(RETURN, error(EPERM)),
        statement(RETURN, ALLOW),
    ]);
}

fn statement(code: u16, k: u32) -> sock_filter {
    jump(code, k, 0, 0)
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

fn error(number: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | number.unsigned_abs()
}

fn number(call: c_long) -> u32 {
    // Numbers of system calls are small and never negative; a number out of range matches nothing
    // that exists.
    u32::try_from(call).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer: a reading of the five instructions the program uses.
    fn answer(program: &BpfProgram, architecture: u32, call: u32, argument: u32) -> u32 {
        let (mut at, mut word) = (0_usize, 0_u32);
        loop {
            let step = &program[at];
            at += 1;
            let taken = match step.code {
                LOAD_WORD => {
                    word = match step.k {
                        OFFSET_NUMBER => call,
                        OFFSET_ARCHITECTURE => architecture,
                        OFFSET_FIRST_ARGUMENT => argument,
                        other => panic!("load from {other}"),
                    };
                    continue;
                }
                RETURN => return step.k,
                JUMP_EQUAL => word == step.k,
                JUMP_GREATER_EQUAL => word >= step.k,
                JUMP_ANY_BIT => word & step.k != 0,
                other => panic!("instruction {other:#x}"),
            };
            at += usize::from(if taken { step.jt } else { step.jf });
        }
    }

    #[test]
    fn threads_start_and_processes_do_not() {
        let program = build_program(Subject::Tool, 7);
        let ask = |call: c_long, argument| answer(&program, ARCHITECTURE, number(call), argument);
        assert_eq!(ask(libc::SYS_clone, CLONE_THREAD | 0xf00), ALLOW);
        assert_eq!(ask(libc::SYS_clone, 17), error(EPERM));
        assert_eq!(ask(libc::SYS_clone3, 0), error(ENOSYS));
        assert_eq!(ask(libc::SYS_socket, 2), error(EPERM));
        assert_eq!(ask(libc::SYS_tgkill, 7), ALLOW);
        assert_eq!(ask(libc::SYS_tgkill, 1), error(EPERM));
        assert_eq!(ask(libc::SYS_read, 0), ALLOW);
    }

    #[test]
    fn only_a_tool_may_execute() {
        let execute = number(libc::SYS_execve);
        let answer = |subject| answer(&build_program(subject, 7), ARCHITECTURE, execute, 0);
        assert_eq!(answer(Subject::Tool), ALLOW);
        assert_eq!(answer(Subject::Worker), error(EPERM));
    }

    #[test]
    fn calls_of_another_interface_are_not_a_way_around() {
        let program = build_program(Subject::Tool, 7);
        let socket = number(libc::SYS_socket);
        assert_eq!(answer(&program, 0x4000_0003, socket, 0), KILL);
        if cfg!(target_arch = "x86_64") {
            let x32 = 0x4000_0000 | socket;
            assert_eq!(answer(&program, ARCHITECTURE, x32, 0), error(EPERM));
        }
    }
}
