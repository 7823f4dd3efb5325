#pragma once
// A simulated machine: an address, descriptors, clocks, entropy, a process, and its turns on the virtual CPU.
//
// A host runs in slices. Whatever makes it runnable (wake) schedules its next slice, unless one is scheduled or running
// already; the slice runs `slice_cost` later, so it sees what arrived meanwhile, and what it sends leaves at its end.
// The process says whether it wants to go on; then the next slice follows, again at its cost. So a host that gets more
// to do than it can falls behind, as a real one does. A slice of a host that costs nothing takes turns until the
// process has nothing more to do, so that idle turns cost the queue nothing.
//
// A host may lose its power (crash) and be booted again. What belongs to one life of it (process, tasks, descriptors,
// timers, signals, names of sockets) ends without a trace and is abandoned, never destroyed; what belongs to the
// machine (address, disk, oscillator, wall clock, numbers that must not repeat) stays. crash.cpp has all of that.
//
// Its process alone may end, by itself (halt) or killed: its descriptors are closed, the machine goes on, and another
// process may be booted on it. process_end.cpp has that, and host_faults.cpp what else may befall a host.
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/engine/event_queue.hpp"
#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/descriptor_table.hpp"
#include "sim-core/kernel/host_faults.hpp"
#include "sim-core/kernel/limits.hpp"
#include "sim-core/kernel/mappings.hpp"
#include "sim-core/kernel/name_query.hpp"
#include "sim-core/kernel/random_numbers.hpp"
#include "sim-core/kernel/signal_timer.hpp"
#include "sim-core/kernel/signals.hpp"
#include "sim-core/kernel/storage.hpp"
#include "sim-core/kernel/task.hpp"
#include "sim-core/kernel/unix_names.hpp"
#include "sim-core/net/address.hpp"
#include "sim-core/trace/writer.hpp"

namespace stillpoint::kernel {

class Kernel;

// What runs on a host. process/ holds the kinds: an event loop that the harness drives, and an ordinary program. What
// is not overridden is as of an event loop without threads.
class Process {
 public:
  virtual ~Process() = default;
  // Runs one turn; the host is current. True if there may be more to do without anything further happening.
  virtual bool step() = 0;
  // Before and after the turns of a slice; the host is current.
  virtual void enter() {}
  virtual void leave() {}
  // True if turns look by themselves for what is ready (a driven event loop), instead of being told through tasks.
  virtual bool polls() const { return true; }

  // Called on the stack of the task that falls asleep: gives the processor back, and returns when the task runs again.
  virtual void park(Task& task);
  // pthread_create(3): a further task, which will run `body` on a stack of `stack_size` bytes (0: the default).
  // EAGAIN. The task then has a handle.
  virtual Status start_thread(Task& task, std::function<void()> body, std::size_t stack_size);
  // The task has ended and nobody will join it any more: its real thread may end, too.
  virtual void finish_thread(Task& task);
  // The host lost its power, or the process was killed, or another one takes its place: nothing of it will run again.
  // Gives back what is not needed to stand still.
  virtual void abandon() {}
  // It was killed, and has been abandoned: whoever waits for its end may be told, outside of the host.
  virtual void killed() {}

  // exit(3), on the stack of the caller: handlers run, then it is over.
  [[noreturn]] virtual void exit(int status);
  // It is over at once, and so is its host. `status` is as wait(2) gives it.
  [[noreturn]] virtual void die(int status);
  // On the stack of a task that may sleep: it stands still from here on, for ever. The turn is over.
  [[noreturn]] virtual void stand_still();
  // atexit(3) and the destructors of static objects.
  virtual void at_exit(void (*function)(void*), void* argument);
};

// What the peers of a host that loses its power hear of it.
enum class Peers : std::uint8_t {
  silence,
  reset,  // somebody resets its connections in its place: a hypervisor, a load balancer, its own firmware
};

// A call that a fault makes fail: the Nth of its function, by its name in libc.
struct FailingCall {
  EventId fault = kNoEvent;
  std::string call;
  std::uint64_t nth = 1;
  int error = 0;
  std::uint64_t seen = 0;  // counted by the host
};

struct HostOptions {
  std::string name;
  std::string role;
  net::Ip address;
  Duration slice_cost{};         // virtual CPU time of one slice, in whole microseconds
  int descriptor_limit = 65536;  // RLIMIT_NOFILE
  int processors = 1;            // that programs see; one thread runs at a time all the same
  DiskOptions disk{};
};

class Host final : private Event {
  // Used by members below.
  Clocks clocks_;
  IntervalTimer* first_timer_ = nullptr;
  std::vector<TimerFd*> cancelled_by_steps_;

 public:
  Host(Kernel& kernel, HostId id, HostOptions options);
  ~Host();

  Kernel& kernel() const { return kernel_; }
  HostId id() const { return id_; }
  Where where() const { return {id_, boot_}; }
  const std::string& name() const { return options_.name; }
  const std::string& role() const { return options_.role; }
  net::Ip address() const { return options_.address; }
  // RLIMIT_NOFILE, as it is now.
  int descriptor_limit() const { return static_cast<int>(limits.get(RLIMIT_NOFILE).value().rlim_cur); }
  int processors() const { return options_.processors; }
  // The process id that getpid() returns.
  int pid() const { return 1000 + id_; }

  // Starts the process: its first slice is due now. Requires that none runs: the host is new, or down, or its process
  // has ended. Each process is a life of its own, with its own random streams; one that is started on a running machine
  // finds the machine's clocks and disk as they are.
  void boot(Process& process);
  Process& process() const { return *process_; }
  // In which life it is: 0 before its first boot.
  Boot boots() const { return boot_; }
  static constexpr Boot kMostBoots = UINT16_MAX;

  // The host loses its power, because of `cause`; boot() brings it back. Requires that it is up.
  //
  // Where the host itself runs, what asks for it is the last that happens: a task that may sleep never returns from
  // here. The main task of a process that polls cannot be left in the midst of its turn; there the turn goes on to its
  // end, but nothing that it still sends arrives, and nothing that it has not synced by now is left. Nobody may ask for
  // it from within the kernel's own code, which would stop half-way: schedule it.
  void crash(Cause cause = {}, Peers peers = Peers::silence);
  // It loses its power, because of `cause`, when it makes its next call, before that does anything.
  void crash_at_next_call(Cause cause = {});
  // Not any more; of no effect once it is crashing().
  void do_not_crash_at_next_call();
  // It will crash when the turn that runs is over.
  bool crashing() const { return end_asked_ && end_asked_->crash; }
  // It will crash, or its process be killed, when the turn that runs is over.
  bool ending() const { return end_asked_.has_value(); }
  // It crashed, and has not been booted since.
  bool down() const { return down_; }
  // The process ends as by SIGKILL, because of `cause`, and the machine goes on: no handler and no destructor runs, its
  // objects are abandoned; the kernel closes its descriptors, which its peers see as FIN, or as RST where it had not
  // read all, lets its locks and names go, and keeps what it wrote. Requires that it is alive. Where the host itself
  // runs it is as with crash().
  void kill(Cause cause = {});
  // Its process was killed, and no other has been booted since.
  bool killed() const { return killed_; }
  // It has a process that has not ended.
  bool alive() const { return process_ != nullptr && !halted_; }
  // It is in the midst of a slice.
  bool running() const { return running_; }

  // The process has ended: its descriptors are closed, and nothing of it runs any more. `status` is as in wait(2).
  void halt(int status);
  bool halted() const { return halted_; }

  // ---- faults: host_faults.cpp. Each begins and ends by the event of its fault (host_faults.hpp) ----
  // As by SIGSTOP, or a hypervisor that gives the machine no processor while its clocks go on: no slice runs; what
  // becomes due waits, and when the last stop is gone one slice sees it all. A slice that runs is run to its end.
  // The kernel's part of the network goes on: it acknowledges, and takes connections that nobody accepts.
  void stop(EventId fault);
  void go_on(EventId fault);
  // The machine sleeps, as in suspend to RAM. No slice runs, and CLOCK_MONOTONIC, _RAW and _COARSE stand still: what
  // waits for them is so much later. CLOCK_BOOTTIME and CLOCK_REALTIME go on, and what became due on them comes at its
  // waking; nothing here wakes it (there are no timers on *_ALARM clocks). Whoever suspends it cuts its links as well:
  // the timers of its connections, and answers of its name servers, know nothing of its sleep.
  void suspend(EventId fault);
  void wake_up(EventId fault);
  // Each slice that is scheduled from now on costs slice_cost * times_percent / 100 + extra, in whole microseconds,
  // rounded up. Requires times_percent >= 100 and extra in whole microseconds.
  void slow_down(EventId fault, std::uint32_t times_percent, Duration extra);
  void speed_up(EventId fault);
  // All its clocks run fast by so many parts per million more (set_drift, which knows nothing of faults). What comes of
  // several together ends at 900,000: no clock stands still or runs backwards.
  void drift(EventId fault, int ppm);
  void end_drift(EventId fault);
  // As prlimit(2) of RLIMIT_NOFILE does it from outside: what would get the descriptor `most` or a higher one fails
  // with EMFILE; what is open stays. The process is not told: getrlimit(2) shows what it has set itself, and that
  // counts too. Requires that it is alive.
  void limit_descriptors(EventId fault, int most);
  void lift_descriptor_limit(EventId fault);
  // As RLIMIT_AS at what the process has now, and so many bytes more: what would map more fails with ENOMEM. How far
  // that reaches is told in interpose/memory_limit.hpp. Requires that it is alive.
  void limit_memory(EventId fault, std::uint64_t bytes);
  void lift_memory_limit(EventId fault);
  bool memory_is_limited() const { return faults_ != nullptr && !faults_->memory_limits.empty(); }
  // Whether so many bytes more may be mapped. If not, the failure is in the trace. Requires that memory is limited.
  bool may_map(std::uint64_t bytes);
  // So many bytes were mapped, or unmapped where negative.
  void mapped(std::int64_t bytes);

  // Something happened that the process could see: it gets a slice.
  void wake(EventId cause);
  // The same, where only a process that polls needs it: others have tasks that wait.
  void wake_poller(EventId cause) {
    if (polls_) wake(cause);
  }

  // ---- threads ----
  // The first is the process's main task.
  Task& add_task(bool may_sleep);
  void end_task(Task& task);
  // An ended task that nobody will ask for any more.
  void forget_task(Task& task);
  // The task on whose stack the host's code runs; null where that is the harness's own, and it drives no event loop.
  Task* running_task() const { return running_task_; }
  void run_as(Task* task) { running_task_ = task; }
  Task& main_task() const { return *tasks_.front(); }
  template <typename Do>
  void for_each_task(Do what) const {
    for (const auto& task : tasks_) what(*task);
  }
  // Sleeps at an address of the process (a lock, a condition, a futex) until somebody wakes it there. Addresses are
  // only compared, never ordered by.
  Woken sleep_at(const void* address, Deadline deadline);
  // Wakes those who have waited longest at an address, at most so many; how many there were.
  int wake_at(const void* address, int most);
  // The task with this pthread_t that nobody has joined yet, or null.
  Task* find_task(unsigned long handle) const;
  // There is another thread, or a sleep, that could end a wait of the running task.
  bool may_ever_wake() const { return running_task_->may_sleep || tasks_.size() > 1; }
  // There is a thread that has not ended.
  bool any_task() const;
  // There are, or were, threads besides the main one, which stand on stacks of their own.
  bool has_threads() const { return tasks_made_ > 1; }
  bool anyone_waits_at_addresses() const { return !waiting_.empty(); }

  // Takes a task that may run, and that is not the main task of a process that polls. Null if there is none.
  Task* next_runnable();
  bool any_runnable() const { return !runnable_.empty(); }
  // Takes the running task off the processor until it is woken or the deadline has passed. Requires that it may sleep.
  // Returns at once, by signal, where one is due: its handler runs when the call returns, or in handle_signals().
  Woken sleep(Deadline deadline);
  void task_became_runnable(Task& task, EventId cause);
  // sched_yield(2): the running task lets the others run first, if it can.
  void yield();

  // ---- signals ----
  Signals signals;
  // A signal for the process from outside of it, as kill(2) sends one: what faults and scenarios call.
  void raise(int signal, Cause cause = {});
  // Runs the handlers of the signals that are due for the running task, on its stack; true if there were any. Does not
  // return if a signal ends the process.
  bool handle_signals();

  // ---- clocks ----
  // The host's own time: that of the queue, but in a slice that spins on its clock.
  VirtualTime now() const;
  const Clocks& clocks() const { return clocks_; }
  // A clock's value for a program. Many readings in one turn, or very many at one instant, begin to cost a microsecond
  // each, so that a program which spins on its clock makes progress.
  Duration read_clock(clockid_t clock);
  // A call of any kind is about to be served: false if it may not, in observer mode, or where some shall fail. In a
  // turn of very many they cost time as well, so that a program which asks again and again whether something has
  // happened (a poll that does not wait) comes to where it has. A task that can sleep loses the processor meanwhile;
  // the endless turn of one that cannot ends the run.
  bool count_call() { return --calls_until_toll_ != 0 || take_toll(); }
  // The Nth call of a function from now on fails (FailingCall). Meanwhile count_call() is false for all calls, and
  // due_failure() says what becomes of each: it serves, by zero, or fails with an errno, which is in the trace.
  void fail_call(FailingCall call);
  void stop_failing_call(EventId fault);
  int due_failure(std::string_view call);
  // How many calls of that function there were since.
  std::uint64_t calls_seen(EventId fault) const;
  // What it keeps on its disk, and what of it its process has mapped.
  Storage& storage();
  Mappings mappings;
  // An owner of locks lets go what it has of a file; who waits for it looks again.
  void release_locks(const File& file, LockOwner owner) {
    if (storage_ != nullptr && !storage_->locks.empty()) release_locks_of(file, owner);
  }
  // The running process waits for a device until then: its task sleeps, or, of a driven host, its slice takes longer.
  // Nothing interrupts that.
  void wait_for_device(VirtualTime until);
  // The event of the slice that runs; kNoEvent outside of one.
  EventId slice() const { return slice_; }
  // The CPU time that its process has had: what its slices cost, and what it spun away.
  Duration cpu_time() const { return cpu_time_; }
  // How far CLOCK_REALTIME is ahead of what it should be; this is no step, and cancels no timer.
  void set_wall_offset(Duration offset);
  // Somebody sets the wall clock: absolute timers and waits on it follow.
  void step_wall(Duration by);
  // The oscillator is fast by so many parts per million from now on; all clocks show it.
  void set_drift(int ppm);
  // timer_create(2), setitimer(2), alarm(2).
  ProcessTimers timers{*this};
  void add_timer(IntervalTimer& timer);
  void remove_timer(IntervalTimer& timer);
  // Timers with TFD_TIMER_CANCEL_ON_SET.
  void watch_steps(TimerFd& timer) { cancelled_by_steps_.push_back(&timer); }
  void leave_steps(TimerFd& timer) { std::erase(cancelled_by_steps_, &timer); }

  // The place of the host's next own event among simultaneous ones.
  Rank next_rank() { return static_cast<Rank>(order_.next() & 0xFFFFFF); }
  RandomStream& entropy() { return entropy_; }
  RandomNumbers random_numbers;
  std::uint64_t next_file_number() { return ++files_; }
  std::uint64_t next_timer_number() { return ++timers_; }
  std::uint64_t next_query_number() { return ++queries_; }

  UnixNames unix_names;
  // Those that its threads wait for, and those whose thread is gone.
  std::list<NameQuery> name_queries;
  DescriptorTable descriptors;
  Limits limits;
  // The delivery that brought what the process read last.
  EventId last_read = kNoEvent;
  // Code that runs is looking at this host from outside (observer mode): system calls are refused.
  bool observed() const { return observed_; }
  void observe(bool observed);

 private:
  // How the host is to end when its turn is over.
  struct EndAsked {
    Cause cause;
    std::optional<Peers> crash;  // none: only its process is killed
  };

  void fire() override;
  void end_as_asked();
  void lose_power(Cause cause, Peers peers);
  void end_process(int status, Cause cause);
  void kill_process(Cause cause);
  void close_files();
  void leave_process();
  void start_anew();
  void abandon_tasks();
  void abandon_timers();
  void abandon_files();
  void forget_process();
  void power_up();
  void key_streams();
  void schedule_slice(EventId cause);
  // The same, where a fault or a policy has a say.
  void schedule_slice_under_influence(EventId cause);
  bool begins_later();
  void note_delays(EventId slice);
  void hold_slice();
  void release_slice(EventId fault);
  void fall_asleep();
  void expire_overdue(EventId fault);
  // What is on has changed.
  void influence_changed();
  void apply_drifts();
  void apply_descriptor_limit();
  void end_effects_on_process();
  HostFaults& faults();
  friend class Kernel;  // tells of its policy
  void schedule_timeout(Task& task);
  void clocks_changed();
  bool take_toll();
  bool watches_calls() const { return crash_at_next_call_.has_value() || !failing_calls_.empty(); }
  bool is_beyond_free_calls();
  static bool may_be_left(const Task& task);
  void spend(Duration cost);
  void get_ahead(Duration by);
  void release_locks_of(const File& file, LockOwner owner);

  static constexpr unsigned kFreeCallsInTurn = 10'000;

  Kernel& kernel_;
  HostId id_;
  Boot boot_ = 0;
  HostOptions options_;
  Process* process_ = nullptr;
  bool polls_ = false;
  bool halted_ = false;
  bool down_ = false;
  bool killed_ = false;
  std::optional<EndAsked> end_asked_;
  std::optional<Cause> crash_at_next_call_;
  std::vector<FailingCall> failing_calls_;
  std::uint64_t watched_calls_ = 0;  // in this turn, while there are such
  std::uint64_t watched_turn_ = 0;
  EventId last_end_ = kNoEvent;               // the crash, or the end by a kill, that the next boot follows
  std::vector<std::unique_ptr<Task>> tasks_;  // those that live, or that somebody may still join; the main one first
  int tasks_made_ = 0;
  std::vector<Task*> runnable_;  // in the order in which they became so
  Task* running_task_ = nullptr;
  std::map<const void*, TaskQueue> waiting_;
  RandomStream order_;
  RandomStream entropy_;
  RandomStream threads_;  // which of several runnable tasks runs next
  bool running_ = false;
  bool woken_while_running_ = false;
  EventId wake_cause_ = kNoEvent;
  Duration slice_cost_;                 // of the next one
  bool influenced_ = false;             // by a fault that is on, or a policy that places or delays its slices
  std::unique_ptr<HostFaults> faults_;  // from the first one on
  std::uint64_t slices_ = 0;
  EventId slice_ = kNoEvent;  // that runs
  unsigned turn_ = 0;         // within the slice
  std::uint64_t files_ = 0;
  std::uint64_t timers_ = 0;
  std::uint64_t queries_ = 0;
  bool observed_ = false;
  unsigned free_calls_in_turn_ = kFreeCallsInTurn;  // 1 where the next one is the last
  unsigned calls_until_toll_ = kFreeCallsInTurn;    // 1 in observer mode, too
  unsigned calls_before_observed_ = kFreeCallsInTurn;
  std::uint64_t clock_reads_in_turn_ = 0;
  std::uint64_t clock_reads_at_instant_ = 0;
  std::unique_ptr<Storage> storage_;  // from its first use on
  Duration spun_{};                   // what calls cost in this slice
  VirtualTime busy_until_{};          // no slice begins before: the last one spun until then
  Duration cpu_time_{};
  Duration unpaid_{};  // what this slice cost, until it is known which task ran in it
};

}  // namespace stillpoint::kernel
