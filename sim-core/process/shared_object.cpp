#include "sim-core/process/shared_object.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include <stillpoint/error.hpp>
#include <stillpoint/program.hpp>

#include "sim-core/kernel/current.hpp"

namespace stillpoint {
namespace {

constexpr unsigned char kGnuUnique = 10;  // STB_GNU_UNIQUE in elf.h's terms of st_info

// The bytes of an ELF file, looked at with care: nothing in it is trusted.
class Image {
 public:
  explicit Image(const std::string& path) : path_(path) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (error) throw Error(fmt::format("cannot read the program {}: {}", path, error.message()));
    // All at once: a program has megabytes, and is read for each host.
    bytes_.resize(size);
    std::ifstream file(path, std::ios::binary);
    file.read(bytes_.data(), static_cast<std::streamsize>(size));
    if (!file) throw Error(fmt::format("cannot read the program {}: {}", path, std::strerror(errno)));
    const auto* header = at<Elf64_Ehdr>(0);
    if (header == nullptr || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64)
      throw Error(fmt::format("{} is no shared object of this machine", path));
    if (header->e_type != ET_DYN || is_executable())
      throw Error(fmt::format("{} is an executable; build it as a shared object (docs/cli.md)", path));
  }

  // Each host's copy must have its own of what the linker would make one for the process.
  void make_unique_symbols_global() {
    each_symbol([](Elf64_Sym& symbol, const char*) {
      if (ELF64_ST_BIND(symbol.st_info) == kGnuUnique)
        symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, ELF64_ST_TYPE(symbol.st_info));
    });
  }

  void require_main() {
    bool found = false;
    each_symbol([&](Elf64_Sym& symbol, const char* name) {
      found = found || (symbol.st_shndx != SHN_UNDEF && std::string_view("main") == name);
    });
    if (!found) throw Error(fmt::format("{} exports no main", path_));
  }

  const std::vector<char>& bytes() const { return bytes_; }

 private:
  template <typename T>
  T* at(std::size_t offset, std::size_t count = 1) {
    if (offset > bytes_.size() || count > (bytes_.size() - offset) / sizeof(T)) return nullptr;
    return reinterpret_cast<T*>(bytes_.data() + offset);
  }

  // A position-independent executable is an ET_DYN too, but names its interpreter.
  bool is_executable() {
    const auto* header = at<Elf64_Ehdr>(0);
    const auto* segments = at<Elf64_Phdr>(header->e_phoff, header->e_phnum);
    for (std::size_t i = 0; segments != nullptr && i < header->e_phnum; ++i) {
      if (segments[i].p_type == PT_INTERP) return true;
    }
    return false;
  }

  template <typename Use>
  void each_symbol(Use use) {
    const auto* header = at<Elf64_Ehdr>(0);
    const auto* sections = at<Elf64_Shdr>(header->e_shoff, header->e_shnum);
    if (sections == nullptr) throw Error(fmt::format("{} is damaged: its table of sections is cut off", path_));
    for (std::size_t i = 0; i < header->e_shnum; ++i) {
      const Elf64_Shdr& section = sections[i];
      if (section.sh_type != SHT_DYNSYM || section.sh_link >= header->e_shnum) continue;
      const Elf64_Shdr& strings = sections[section.sh_link];
      const std::size_t count = section.sh_size / sizeof(Elf64_Sym);
      auto* symbols = at<Elf64_Sym>(section.sh_offset, count);
      const char* names = at<char>(strings.sh_offset, strings.sh_size);
      if (symbols == nullptr || names == nullptr || strings.sh_size == 0 || names[strings.sh_size - 1] != '\0')
        throw Error(fmt::format("{} is damaged: its table of symbols is cut off", path_));
      for (std::size_t k = 0; k < count; ++k) {
        if (symbols[k].st_name < strings.sh_size) use(symbols[k], names + symbols[k].st_name);
      }
    }
  }

  std::string path_;
  std::vector<char> bytes_;
};

}  // namespace

void check_program(const std::string& path) { Image(path).require_main(); }

namespace process {

std::function<int(int, char**)> load_program(const std::string& path) {
  kernel::Host* const host = kernel::current_host;
  std::string copy;
  {
    const kernel::CurrentHost none(nullptr);
    Image image(path);
    image.require_main();
    image.make_unique_symbols_global();
    // The descriptor stays open: the loader knows an object by the path that it came from.
    // It bears the file's name, by which a crash's frames are found in it.
    std::error_code error;
    constexpr std::size_t kLongestName = 249;  // memfd_create(2)
    const std::string name = std::filesystem::absolute(path, error).string();
    const int fd = memfd_create(name.size() > kLongestName ? "program" : name.c_str(), MFD_CLOEXEC);
    const std::vector<char>& bytes = image.bytes();
    for (std::size_t done = 0; fd >= 0 && done < bytes.size();) {
      const ssize_t written = write(fd, bytes.data() + done, bytes.size() - done);
      if (written < 0) throw Error(fmt::format("cannot copy the program {}: {}", path, std::strerror(errno)));
      done += static_cast<std::size_t>(written);
    }
    if (fd < 0) throw Error(fmt::format("cannot copy the program {}: {}", path, std::strerror(errno)));
    copy = fmt::format("/proc/self/fd/{}", fd);
  }
  // Constructors run in here, on the host.
  const kernel::CurrentHost current(host);
  const kernel::LoaderPasses loading;
  void* object = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (object == nullptr) {
    const kernel::CurrentHost none(nullptr);
    throw Error(fmt::format("cannot load the program {}: {}", path, dlerror()));
  }
  if (program_loaded != nullptr) {
    const kernel::CurrentHost none(nullptr);
    program_loaded();
  }
  return reinterpret_cast<int (*)(int, char**)>(dlsym(object, "main"));
}

}  // namespace process
}  // namespace stillpoint
