#include "sim-core/process/shared_object.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include <stillpoint/error.hpp>
#include <stillpoint/program.hpp>

#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/process/program_image.hpp"

namespace stillpoint::process {
namespace {

using Function = void (*)();
using Initialiser = void (*)(int, char**, char**);

// An object in the process, and what the loader would have called of it.
struct Loaded {
  Elf64_Addr base = 0;
  ProgramImage::Calls initialisers = {};
  ProgramImage::Calls finalisers = {};
  int (*main)(int, char**) = nullptr;

  template <typename Called>
  Called function(Elf64_Addr address) const {
    return reinterpret_cast<Called>(base + address);
  }
  // The loader has relocated the arrays: they hold addresses in the process.
  template <typename Called>
  const Called* array(const ProgramImage::Calls& calls) const {
    return reinterpret_cast<const Called*>(base + calls.array);
  }

  // As the loader does it: _dl_init and _dl_fini of glibc.
  void initialise(int argc, char** argv) const {
    if (initialisers.function != 0) function<Initialiser>(initialisers.function)(argc, argv, environ);
    for (std::size_t i = 0; i < initialisers.count; ++i) array<Initialiser>(initialisers)[i](argc, argv, environ);
  }
  void finalise() const {
    for (std::size_t i = finalisers.count; i > 0; --i) array<Function>(finalisers)[i - 1]();
    if (finalisers.function != 0) function<Function>(finalisers.function)();
  }
};

// A file in memory that the loader can open. It bears the path of what it was copied from, by which a crash's frames
// are found in it. The descriptor stays open: the loader knows an object by the path that it came from.
std::string copy_in_memory(const ProgramImage& image, const std::string& path) {
  std::error_code error;
  constexpr std::size_t kLongestName = 249;  // memfd_create(2)
  const std::string name = std::filesystem::absolute(path, error).string();
  const int fd = memfd_create(name.size() > kLongestName ? "program" : name.c_str(), MFD_CLOEXEC);
  if (fd < 0) throw Error(fmt::format("cannot copy the program {}: {}", path, std::strerror(errno)));
  const std::vector<char>& bytes = image.bytes();
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written = write(fd, bytes.data() + done, bytes.size() - done);
    if (written < 0) throw Error(fmt::format("cannot copy the program {}: {}", path, std::strerror(errno)));
    done += static_cast<std::size_t>(written);
  }
  return fmt::format("/proc/self/fd/{}", fd);
}

std::string demangled(const std::string& symbol) {
  int status = 0;
  char* readable = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  const std::string name = status == 0 ? readable : symbol;
  std::free(readable);
  return name;
}

// What dlerror(3) says, in the user's terms: it knows the program by its copy's path.
std::string cannot_load(const std::string& path, const std::string& copy, std::string why) {
  if (why.starts_with(copy + ": ")) why.erase(0, copy.size() + 2);
  for (std::size_t at = why.find(copy); at != std::string::npos; at = why.find(copy))
    why.replace(at, copy.size(), path);
  constexpr std::string_view kUndefined = "undefined symbol: ";
  if (!why.starts_with(kUndefined)) return fmt::format("cannot load the program {}: {}", path, why);
  const std::size_t end = why.find(',', kUndefined.size());  // a version may follow
  return fmt::format("cannot load the program {}: nothing defines {}; link the program with what does", path,
                     demangled(why.substr(kUndefined.size(), end - kUndefined.size())));
}

// Loads it in a process that is then thrown away; nothing of the program itself runs. Returns the loader's complaint,
// or nothing.
std::string complaint_of_loader(const std::string& copy) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    // What libraries do when they are loaded is not for this terminal, and takes no time worth waiting for.
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
    constexpr unsigned kSeconds = 10;
    alarm(kSeconds);
    const bool loads = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr;
    const std::string why = loads ? "" : dlerror();
    static_cast<void>(!write(ends[1], why.data(), why.size()));
    _exit(0);
  }
  close(ends[1]);
  std::string why;
  char bytes[512];
  while (child > 0) {
    const ssize_t count = read(ends[0], bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    why.append(bytes, static_cast<std::size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) != SIGALRM)
    return fmt::format("loading it dies of a signal ({}): it, or a library that it needs, is damaged",
                       strsignal(WTERMSIG(status)));
  return why;
}

}  // namespace

std::function<int(int, char**)> load_program(const std::string& path) {
  kernel::Host& host = *kernel::current_host;
  auto owned = std::make_unique<Loaded>();
  std::string copy;
  {
    const kernel::CurrentHost none(nullptr);
    ProgramImage image(path);
    image.make_unique_symbols_global();
    owned->initialisers = image.take_initialisers();
    owned->finalisers = image.take_finalisers();
    copy = copy_in_memory(image, path);
  }
  void* object = nullptr;
  {
    // Constructors of libraries that no host has loaded yet run in here, on the host.
    const kernel::LoaderPasses loading;
    object = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  const kernel::CurrentHost none(nullptr);
  if (object == nullptr) throw Error(cannot_load(path, copy, dlerror()));
  link_map* map = nullptr;
  dlinfo(object, RTLD_DI_LINKMAP, &map);
  owned->base = map->l_addr;
  owned->main = reinterpret_cast<int (*)(int, char**)>(dlsym(object, "main"));
  if (program_loaded != nullptr) program_loaded();
  // Never freed: an exit from any thread comes back to it.
  Loaded* const loaded = owned.release();
  return [&host, loaded](int argc, char** argv) {
    // exit(3): the loader's turn comes when all has run that the program registered.
    host.process().at_exit([](void* program) { static_cast<const Loaded*>(program)->finalise(); }, loaded);
    loaded->initialise(argc, argv);
    return loaded->main(argc, argv);
  };
}

}  // namespace stillpoint::process

namespace stillpoint {

void check_program(const std::string& path) {
  process::ProgramImage image(path);
  if (!process::trial_loads) return;
  image.take_initialisers();
  image.take_finalisers();
  const std::string copy = process::copy_in_memory(image, path);
  const std::string why = process::complaint_of_loader(copy);
  close(std::atoi(copy.c_str() + copy.rfind('/') + 1));
  if (!why.empty()) throw Error(process::cannot_load(path, copy, why));
}

}  // namespace stillpoint
