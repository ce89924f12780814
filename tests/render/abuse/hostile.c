/* A renderer gone bad: does what its argument says and prints what the kernel answered.

   `hostile ACT [ARGUMENT]` prints `ACT: done` or `ACT: errno N`. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *argument;
static char buffer[1 << 16];

static char *in_tmp(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", getenv("TMPDIR"), name);
  return path;
}

static long open_and_close(const char *path, int flags) {
  long file = open(path, flags, 0600);
  if (file >= 0 && read(file, buffer, 64) > 0) fwrite(buffer, 1, 64, stdout);
  return file;
}

/* Every family that the kernel may know; the answer is that of the first that opens. */
static long every_socket(void) {
  long last = -1;
  for (int family = 0; family < 48; family++)
    for (int type = 1; type <= 5; type++) {
      last = socket(family, type, 0);
      if (last >= 0) return last;
    }
  return last;
}

static long daemonise(void) {
  long child = fork();
  if (child < 0) return child;
  if (child > 0) exit(0);
  setsid();
  if (fork() > 0) _exit(0);
  for (;;) pause();
}

static long execute_memory(void) {
  long file = syscall(SYS_memfd_create, "x", 0);
  if (file < 0) return file;
  char *none[] = {NULL};
  return syscall(SYS_execveat, file, "", none, none, AT_EMPTY_PATH);
}

/* The signal of a descriptor goes to whom its owner names. */
static long signal_by_descriptor(void) {
  int ends[2];
  if (pipe(ends) < 0) return -1;
  if (fcntl(ends[0], F_SETSIG, SIGKILL) == 0) return 0;
  return fcntl(ends[0], F_SETOWN, getppid());
}

static long limit_parent(void) {
  struct rlimit limit = {3, 3};
  return syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, &limit, NULL);
}

static long raise_limit(void) {
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  return syscall(SYS_prlimit64, 0, RLIMIT_AS, &limit, NULL);
}

static long pin_parent(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  return sched_setaffinity(getppid(), sizeof set, &set);
}

static long read_parent(void) {
  struct iovec here = {buffer, 64}, there = {(void *)0x400000, 64};
  return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

static void *sleep_forever(void *ignored) {
  (void)ignored;
  for (;;) pause();
}

static long thread_bomb(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 16384);
  for (;;) pthread_create(&thread, &attributes, sleep_forever, NULL);
}

static long fill_with_large_files(void) {
  for (int number = 0;; number++) {
    char name[32];
    snprintf(name, sizeof name, "large-%d", number);
    int file = open(in_tmp(name), O_CREAT | O_WRONLY, 0600);
    for (int part = 0; part < 512; part++)
      if (write(file, buffer, sizeof buffer) < 0) pause();
  }
}

static long fill_with_files(void) {
  for (int number = 0;; number++) {
    char name[32];
    snprintf(name, sizeof name, "small-%d", number);
    close(open(in_tmp(name), O_CREAT | O_WRONLY, 0600));
  }
}

static long dig(void) {
  if (chdir(getenv("TMPDIR")) < 0) return -1;
  for (;;)
    if (mkdir("deep", 0700) < 0 || chdir("deep") < 0) pause();
}

static long flood(FILE *to) {
  for (;;) fwrite(buffer, 1, sizeof buffer, to);
}

static long ignore_everything(void) {
  for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
  for (;;) pause();
}

static long hide_and_spin(void) {
  close(0), close(1), close(2);
  for (volatile long turns = 0;; turns++);
}

static long eat_memory(void) {
  for (;;) {
    char *piece = malloc(1 << 24);
    if (!piece) {
      fprintf(stderr, "memory allocation of %d bytes failed\n", 1 << 24);
      abort();
    }
    memset(piece, 1, 1 << 24);
  }
}

#if defined(__x86_64__)
static long old_interface(void) { /* getpid of 32-bit programs, which has a filter of its own or none */
  long answer;
  __asm__ volatile("int $0x80" : "=a"(answer) : "a"(20));
  return answer;
}
static long x32_interface(void) { return syscall(0x40000000 | SYS_socket, AF_INET, SOCK_STREAM, 0); }
#else
static long old_interface(void) { raise(SIGSYS); return 0; }
static long x32_interface(void) { errno = ENOSYS; return -1; }
#endif

static long act(const char *name) {
  static char *shell[] = {"/bin/sh", "-c", "true", NULL};
#define ON(what, answer) if (!strcmp(name, what)) return (answer)
  ON("socket", every_socket());
  ON("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){0, 0}));
  ON("io_uring", syscall(SYS_io_uring_setup, 8, buffer));
  ON("fork", fork());
  ON("vfork", syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, buffer + sizeof buffer, 0, 0, 0));
  ON("clone3", syscall(SYS_clone3, buffer, 64));
  ON("daemon", daemonise());
  ON("setsid", syscall(SYS_setsid));
  ON("execute-shell", execv(shell[0], shell));
  ON("execute-memory", execute_memory());
  ON("execute-written", execv(in_tmp("x"), shell));
  ON("ptrace", ptrace(PTRACE_ATTACH, getppid(), 0, 0));
  ON("read-parent", read_parent());
  ON("kill-parent", kill(getppid(), SIGTERM));
  ON("queue-parent", syscall(SYS_rt_sigqueueinfo, getppid(), SIGTERM, buffer));
  ON("pidfd-parent", syscall(434 /* pidfd_open */, getppid(), 0));
  ON("signal-by-descriptor", signal_by_descriptor());
  ON("limit-parent", limit_parent());
  ON("pin-parent", pin_parent());
  ON("slow-parent", setpriority(PRIO_PROCESS, getppid(), 19));
  ON("raise-limit", raise_limit());
  ON("outlive-parent", prctl(PR_SET_PDEATHSIG, 0));
  ON("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNET));
  ON("mount", mount("none", argument, "tmpfs", 0, ""));
  ON("chroot", chroot(argument));
  ON("userfaultfd", syscall(SYS_userfaultfd, 1));
  ON("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, buffer, 64));
  ON("perf", syscall(SYS_perf_event_open, buffer, 0, -1, -1, 0));
  ON("keyring", syscall(SYS_add_key, "user", "x", "x", 1, -3));
  ON("shared-memory", shmget(IPC_PRIVATE, 1 << 20, IPC_CREAT | 0600));
  ON("read-passwd", open_and_close("/etc/passwd", O_RDONLY));
  ON("read-init-environment", open_and_close("/proc/1/environ", O_RDONLY));
  ON("read-own-environment", open_and_close("/proc/self/environ", O_RDONLY));
  ON("read-outside", open_and_close(argument, O_RDONLY));
  ON("write-checkout", open_and_close("inside.txt", O_WRONLY));
  ON("create-in-checkout", open_and_close("new.txt", O_WRONLY | O_CREAT));
  ON("empty-outside", truncate(argument, 0));
  ON("mode-outside", chmod(argument, 0777));
  ON("owner-outside", chown(argument, 1, 1));
  ON("times-outside", utimensat(AT_FDCWD, argument, NULL, 0));
  ON("attribute-outside", setxattr(argument, "user.x", "x", 1, 0));
  ON("link-outside", symlink(argument, in_tmp("link")));
  ON("make-fifo", mkfifo(in_tmp("fifo"), 0600));
  ON("nameless-file", open(getenv("TMPDIR"), O_TMPFILE | O_RDWR, 0600));
  ON("remove-written", (close(open(in_tmp("y"), O_CREAT | O_WRONLY, 0600)), unlink(in_tmp("y"))));
  ON("x32", x32_interface());
  ON("int80", old_interface());
  ON("thread-bomb", thread_bomb());
  ON("fill-large", fill_with_large_files());
  ON("fill-many", fill_with_files());
  ON("dig", dig());
  ON("flood-output", flood(stdout));
  ON("flood-errors", flood(stderr));
  ON("ignore-signals", ignore_everything());
  ON("hide-and-spin", hide_and_spin());
  ON("eat-memory", eat_memory());
  ON("nothing", 0);
  errno = EINVAL;
  return -1;
}

int main(int count, char **arguments) {
  argument = count > 2 ? arguments[2] : "/";
  errno = 0;
  if (act(arguments[1]) < 0)
    printf("%s: errno %d\n", arguments[1], errno);
  else
    printf("%s: done\n", arguments[1]);
  return 0;
}
