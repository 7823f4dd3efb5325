#include "sim-core/process/program_image.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <stillpoint/error.hpp>

namespace stillpoint::process {
namespace {

namespace fs = std::filesystem;

#if defined(__x86_64__)
constexpr Elf64_Half kThisMachine = EM_X86_64;
#else
constexpr Elf64_Half kThisMachine = EM_AARCH64;
#endif

// As people call them.
std::string name_of_machine(Elf64_Half machine) {
  switch (machine) {
    case EM_386:
      return "32-bit x86";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "32-bit ARM";
    case EM_AARCH64:
      return "64-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "64-bit PowerPC";
    case EM_S390:
      return "S/390";
    default:
      return fmt::format("another machine (number {} in elf.h)", machine);
  }
}

// A tag in the range of the system's own that glibc gives no meaning: the loader passes it over.
constexpr Elf64_Sxword kPassedOver = DT_LOOS;

constexpr const char* kBuildIt = "build it as a shared object (docs/cli.md)";

}  // namespace

ProgramImage::ProgramImage(const std::string& path) : path_(path) {
  const auto cannot_read = [&](std::string_view why) {
    throw Error(fmt::format("cannot read the program {}: {}", path, why));
  };
  if (path.empty()) throw Error("the program '': a program is the path of a shared object");
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error) cannot_read(error.message());
  if (fs::is_directory(status)) cannot_read("Is a directory");
  if (!fs::is_regular_file(status)) cannot_read("it is no regular file");
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) cannot_read(error.message());
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) cannot_read(std::strerror(errno));
  // All at once: a program has megabytes, and is read for each host.
  bytes_.resize(size);
  file.read(bytes_.data(), static_cast<std::streamsize>(size));
  if (!file) cannot_read(errno != 0 ? std::strerror(errno) : "it became shorter meanwhile");
  require_shared_object();
  require_whole_segments();
  require_main();
}

ProgramImage::Calls ProgramImage::take_initialisers() { return take({DT_INIT, DT_INIT_ARRAY, DT_INIT_ARRAYSZ}); }
ProgramImage::Calls ProgramImage::take_finalisers() { return take({DT_FINI, DT_FINI_ARRAY, DT_FINI_ARRAYSZ}); }

void ProgramImage::make_unique_symbols_global() {
  each_symbol([](Elf64_Sym& symbol, std::string_view) {
    if (ELF64_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE)
      symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, ELF64_ST_TYPE(symbol.st_info));
  });
}

// ---- looking at it ----

void ProgramImage::require_shared_object() {
  const std::string_view text(bytes_.data(), bytes_.size());
  const auto* identity = at<unsigned char>(0, EI_NIDENT);
  if (text.starts_with("#!"))
    refuse("is a script, which no host can run; a program is a shared object that exports main");
  if (text.starts_with("!<arch>\n")) refuse("is a static library; a program is a shared object that exports main");
  if (identity == nullptr || std::memcmp(identity, ELFMAG, SELFMAG) != 0)
    refuse("is no shared object; a program is built as one (docs/cli.md)");
  // The class decides the header's layout, but not where its first members are.
  const auto* header = at<Elf64_Ehdr>(0);
  if (header == nullptr) refuse("is damaged: its header is cut off");
  if (identity[EI_CLASS] != ELFCLASS64 || identity[EI_DATA] != ELFDATA2LSB || header->e_machine != kThisMachine)
    refuse(fmt::format("is built for {}, and this is {}: build it for this machine", name_of_machine(header->e_machine),
                       name_of_machine(kThisMachine)));
  if (header->e_type == ET_REL) refuse("is an object file that is not linked yet: link it with -shared (docs/cli.md)");
  if (header->e_type == ET_EXEC) refuse(fmt::format("is an executable; {}", kBuildIt));
  if (header->e_type != ET_DYN) refuse(fmt::format("is no shared object; {}", kBuildIt));
}

// The loader maps what the segments name: beyond the file's end there is nothing but SIGBUS.
void ProgramImage::require_whole_segments() {
  const auto* header = at<Elf64_Ehdr>(0);
  const auto* segments = at<Elf64_Phdr>(header->e_phoff, header->e_phnum);
  if (segments == nullptr || header->e_phentsize != sizeof(Elf64_Phdr))
    refuse("is damaged: its table of segments is cut off");
  bool dynamic = false;
  for (std::size_t i = 0; i < header->e_phnum; ++i) {
    // A position-independent executable is an ET_DYN too, but names its interpreter.
    if (segments[i].p_type == PT_INTERP) refuse(fmt::format("is an executable; {}", kBuildIt));
    dynamic = dynamic || segments[i].p_type == PT_DYNAMIC;
    if (segments[i].p_type != PT_LOAD && segments[i].p_type != PT_DYNAMIC) continue;
    if (at<char>(segments[i].p_offset, segments[i].p_filesz) == nullptr)
      refuse("is damaged: the file ends before its last segment does; build or copy it again");
  }
  if (!dynamic) refuse(fmt::format("is no shared object: it has nothing for a loader; {}", kBuildIt));
}

void ProgramImage::require_main() {
  bool found = false;
  bool callable = false;
  each_symbol([&](Elf64_Sym& symbol, std::string_view name) {
    if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL || name != "main") return;
    const auto type = ELF64_ST_TYPE(symbol.st_info);
    found = true;
    callable = type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;  // the last: an assembler's
  });
  if (!found) refuse("exports no main");
  if (!callable) refuse("exports a main that is data, not a function");
}

ProgramImage::Calls ProgramImage::take(const Tags& tags) {
  Calls calls;
  const auto* header = at<Elf64_Ehdr>(0);
  const auto* segments = at<Elf64_Phdr>(header->e_phoff, header->e_phnum);
  for (std::size_t i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type != PT_DYNAMIC) continue;
    const std::size_t count = segments[i].p_filesz / sizeof(Elf64_Dyn);
    auto* entries = at<Elf64_Dyn>(segments[i].p_offset, count);
    for (std::size_t k = 0; k < count && entries[k].d_tag != DT_NULL; ++k) {
      if (entries[k].d_tag == tags.array) calls.array = entries[k].d_un.d_ptr;
      if (entries[k].d_tag == tags.array_size) {
        calls.count = entries[k].d_un.d_val / sizeof(Elf64_Addr);
        entries[k].d_un.d_val = 0;
      }
      if (entries[k].d_tag == tags.function) {
        calls.function = entries[k].d_un.d_ptr;
        entries[k].d_tag = kPassedOver;
      }
    }
  }
  return calls;
}

// ---- reading it ----

// Null where the file has no so many of them there.
template <typename T>
T* ProgramImage::at(std::size_t offset, std::size_t count) {
  if (offset > bytes_.size() || count > (bytes_.size() - offset) / sizeof(T)) return nullptr;
  if (offset % alignof(T) != 0) return nullptr;
  return reinterpret_cast<T*>(bytes_.data() + offset);
}

// What is exported and imported, by name.
template <typename Use>
void ProgramImage::each_symbol(Use use) {
  const auto* header = at<Elf64_Ehdr>(0);
  const auto* sections = at<Elf64_Shdr>(header->e_shoff, header->e_shnum);
  if (sections == nullptr) refuse("is damaged: its table of sections is cut off; build or copy it again");
  for (std::size_t i = 0; i < header->e_shnum; ++i) {
    const Elf64_Shdr& section = sections[i];
    if (section.sh_type != SHT_DYNSYM || section.sh_link >= header->e_shnum) continue;
    const Elf64_Shdr& strings = sections[section.sh_link];
    const std::size_t count = section.sh_size / sizeof(Elf64_Sym);
    auto* symbols = at<Elf64_Sym>(section.sh_offset, count);
    const char* names = at<char>(strings.sh_offset, strings.sh_size);
    if (symbols == nullptr || names == nullptr || strings.sh_size == 0 || names[strings.sh_size - 1] != '\0')
      refuse("is damaged: its table of symbols is cut off; build or copy it again");
    for (std::size_t k = 0; k < count; ++k) {
      if (symbols[k].st_name < strings.sh_size) use(symbols[k], names + symbols[k].st_name);
    }
  }
}

void ProgramImage::refuse(std::string_view what) const { throw Error(fmt::format("{} {}", path_, what)); }

}  // namespace stillpoint::process
