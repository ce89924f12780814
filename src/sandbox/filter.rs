//! The system-call filter: a short program that the kernel runs before every call.
//!
//! It lets through what [`calls`] lists and refuses everything else: sockets of every kind (Landlock
//! covers TCP alone), new processes, other processes' memory, limits and signals, kernel interfaces
//! with a history. It is written out instruction by instruction because the list is looked up as a
//! tree (the kernel walks the program once for each number when it is installed, which is most of the
//! filter's cost), and because some calls pass with certain arguments only.

use libc::{ENOSYS, EPERM};
use seccompiler::{BpfProgram, sock_filter};

use super::calls::{self, Argument, number};

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;

// Classic BPF: load a word of the call's description, jump, return.
const LOAD_WORD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER_EQUAL: u16 = 0x35;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

// Offsets into the kernel's `struct seccomp_data`, little endian on both architectures.
const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCHITECTURE: u32 = 4;
const OFFSET_ARGUMENTS: u32 = 16;

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
        // The x32 interface shares this architecture's mark and has numbers far above these.
        jump(JUMP_GREATER_EQUAL, calls::NEWEST + 1, 0, 1),
        statement(RETURN, error(ENOSYS)),
    ];
    for call in calls::HIDDEN {
        program.push(jump(JUMP_EQUAL, number(call), 0, 1));
        program.push(statement(RETURN, error(ENOSYS)));
    }
    for conditional in calls::conditional() {
        let mut block = Vec::new();
        for (index, argument) in conditional.arguments {
            push_check(&mut block, OFFSET_ARGUMENTS + index * 8, *argument, own);
        }
        block.push(statement(RETURN, ALLOW));
        program.push(jump(
            JUMP_EQUAL,
            number(conditional.call),
            0,
            short(block.len()),
        ));
        program.extend(block);
    }
    program.extend(build_tree(
        &find_borders(&calls::allowed(subject == Subject::Tool)),
        false,
    ));
    program
}

/// Goes on when the argument at `offset` is what it has to be; refuses the call otherwise.
fn push_check(block: &mut BpfProgram, offset: u32, argument: Argument, own: u32) {
    let mut push_one_of = |values: &[u32], offset| {
        block.push(statement(LOAD_WORD, offset));
        for (index, value) in values.iter().enumerate() {
            block.push(jump(JUMP_EQUAL, *value, short(values.len() - index), 0));
        }
        block.push(statement(RETURN, error(EPERM)));
    };
    match argument {
        Argument::OneOf(values) => push_one_of(values, offset),
        Argument::Own => push_one_of(&[own], offset),
        Argument::Null => {
            push_one_of(&[0], offset);
            push_one_of(&[0], offset + 4);
        }
        Argument::Has(bits) | Argument::Lacks(bits) => {
            let (set, unset) = match argument {
                Argument::Has(_) => (1, 0),
                _ => (0, 1),
            };
            block.push(statement(LOAD_WORD, offset));
            block.push(jump(JUMP_ANY_BIT, bits, set, unset));
            block.push(statement(RETURN, error(EPERM)));
        }
    }
}

/// Where an ordered list of numbers begins and ends: every other border starts a run of listed ones.
fn find_borders(listed: &[u32]) -> Vec<u32> {
    let mut borders: Vec<u32> = Vec::new();
    for number in listed {
        if borders.last() == Some(number) {
            borders.pop();
        } else {
            borders.push(*number);
        }
        borders.push(number + 1);
    }
    borders
}

/// Finds the run that a number is in, halving the borders; `inside` tells whether the number is
/// listed when it lies below all of them.
fn build_tree(borders: &[u32], inside: bool) -> BpfProgram {
    let middle = borders.len() / 2;
    let (below, rest) = borders.split_at(middle);
    let Some((border, above)) = rest.split_first() else {
        return vec![statement(RETURN, if inside { ALLOW } else { error(EPERM) })];
    };
    let below_tree = build_tree(below, inside);
    let mut tree = vec![jump(
        JUMP_GREATER_EQUAL,
        *border,
        short(below_tree.len()),
        0,
    )];
    tree.extend(below_tree);
    tree.extend(build_tree(above, inside ^ middle.is_multiple_of(2)));
    tree
}

fn statement(code: u16, k: u32) -> sock_filter {
    jump(code, k, 0, 0)
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// How far a jump goes. A test walks every number through the program, so that one out of range
/// shows.
fn short(distance: usize) -> u8 {
    u8::try_from(distance).unwrap_or(u8::MAX)
}

fn error(number: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | number.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use libc::c_long;

    /// What the kernel would answer: a reading of the five instructions the program uses.
    fn answer(program: &BpfProgram, architecture: u32, call: u32, arguments: [u64; 3]) -> u32 {
        let (mut at, mut word) = (0_usize, 0_u32);
        loop {
            let step = &program[at];
            at += 1;
            let taken = match step.code {
                LOAD_WORD => {
                    word = match step.k {
                        OFFSET_NUMBER => call,
                        OFFSET_ARCHITECTURE => architecture,
                        offset => {
                            let offset = usize::try_from(offset - OFFSET_ARGUMENTS).unwrap();
                            let half = u32::try_from(offset % 8 * 8).unwrap();
                            u32::try_from(arguments[offset / 8] >> half & 0xFFFF_FFFF).unwrap()
                        }
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

    fn ask(call: c_long, arguments: [u64; 3]) -> u32 {
        let program = build_program(Subject::Tool, 7);
        answer(&program, ARCHITECTURE, number(call), arguments)
    }

    #[test]
    fn exactly_the_listed_calls_pass() {
        for subject in [Subject::Tool, Subject::Worker] {
            let program = build_program(subject, 7);
            let listed = calls::allowed(subject == Subject::Tool);
            for call in 0..=calls::NEWEST {
                let is_own = calls::conditional()
                    .iter()
                    .any(|conditional| number(conditional.call) == call)
                    || calls::HIDDEN.map(number).contains(&call);
                let expected = match listed.binary_search(&call) {
                    Ok(_) => ALLOW,
                    Err(_) => error(EPERM),
                };
                if is_own {
                    assert!(listed.binary_search(&call).is_err(), "{call} stands twice");
                } else {
                    let found = answer(&program, ARCHITECTURE, call, [0; 3]);
                    assert_eq!(found, expected, "call {call}");
                }
            }
            // What the kernel walks through for each number, and the longest jump, stay small.
            assert!(program.len() < 300, "{}", program.len());
        }
    }

    #[test]
    fn threads_start_and_processes_do_not() {
        const THREAD: u64 = 0x0001_0000;
        const NEW_MOUNTS: u64 = 0x0002_0000;
        assert_eq!(ask(libc::SYS_clone, [THREAD | 0xf00, 0, 0]), ALLOW);
        assert_eq!(ask(libc::SYS_clone, [17, 0, 0]), error(EPERM));
        assert_eq!(
            ask(libc::SYS_clone, [THREAD | NEW_MOUNTS, 0, 0]),
            error(EPERM)
        );
        assert_eq!(ask(libc::SYS_clone3, [0; 3]), error(ENOSYS));
        assert_eq!(ask(libc::SYS_socket, [2, 0, 0]), error(EPERM));
    }

    #[test]
    fn a_process_reaches_no_other_one() {
        assert_eq!(ask(libc::SYS_tgkill, [7, 0, 0]), ALLOW);
        assert_eq!(ask(libc::SYS_tgkill, [1, 0, 0]), error(EPERM));
        assert_eq!(ask(libc::SYS_prlimit64, [0, 7, 0]), ALLOW);
        for arguments in [[1, 7, 0], [0, 7, 0x1000], [0, 7, 1 << 32]] {
            assert_eq!(ask(libc::SYS_prlimit64, arguments), error(EPERM));
        }
        // The owner of a descriptor gets its signals: `F_SETOWN` and `FIOSETOWN`.
        assert_eq!(ask(libc::SYS_fcntl, [3, 8, 1]), error(EPERM));
        assert_eq!(ask(libc::SYS_ioctl, [3, 0x8901, 1]), error(EPERM));
        assert_eq!(ask(libc::SYS_fcntl, [3, 3, 0]), ALLOW);
        // `PR_SET_PDEATHSIG`.
        assert_eq!(ask(libc::SYS_prctl, [1, 0, 0]), error(EPERM));
    }

    #[test]
    fn a_file_without_a_name_cannot_be_made() {
        let unnamed = u64::from(libc::O_TMPFILE.unsigned_abs() | libc::O_RDWR.unsigned_abs());
        let folder = u64::from(libc::O_DIRECTORY.unsigned_abs());
        assert_eq!(ask(libc::SYS_openat, [0, 0, unnamed]), error(EPERM));
        assert_eq!(ask(libc::SYS_openat, [0, 0, folder]), ALLOW);
        assert_eq!(ask(libc::SYS_openat2, [0; 3]), error(ENOSYS));
    }

    #[test]
    fn only_a_tool_may_execute() {
        let execute = number(libc::SYS_execve);
        let answer = |subject| answer(&build_program(subject, 7), ARCHITECTURE, execute, [0; 3]);
        assert_eq!(answer(Subject::Tool), ALLOW);
        assert_eq!(answer(Subject::Worker), error(EPERM));
    }

    #[test]
    fn calls_of_another_interface_are_not_a_way_around() {
        let program = build_program(Subject::Tool, 7);
        let (socket, read) = (number(libc::SYS_socket), number(libc::SYS_read));
        assert_eq!(answer(&program, 0x4000_0003, read, [0; 3]), KILL);
        for call in [0x4000_0000 | socket, 0x4000_0000 | read, calls::NEWEST + 1] {
            let found = answer(&program, ARCHITECTURE, call, [0; 3]);
            assert_eq!(found, error(ENOSYS));
        }
    }
}
