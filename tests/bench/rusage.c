/* rusage FD COMMAND...: runs a command and writes what it used to the descriptor: user and system microseconds, peak memory in KiB, exit code.
   A process of its own, since Linux counts the memory of the process that forked towards the peak of the one that is executed. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **arguments) {
  int status;
  struct rusage used;
  if (count < 3) return 2;
  int told = atoi(arguments[1]);
  pid_t child = fork();
  if (child == 0) {
    close(told);
    execvp(arguments[2], arguments + 2);
    _exit(127);
  }
  if (child < 0 || wait4(child, &status, 0, &used) != child) return 1;
  long cpu = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
  dprintf(told, "%ld %ld %d\n", cpu, used.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
