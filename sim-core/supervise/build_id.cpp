#include "sim-core/supervise/build_id.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <cstring>

namespace stillpoint::supervise {
namespace {

// The notes of one segment: a header, a name and a description each, both padded to four bytes (elf(5)).
std::string find_in_notes(const char* notes, std::size_t size) {
  const auto padded = [](std::size_t n) { return (n + 3) & ~std::size_t{3}; };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes, sizeof header);
    const std::size_t whole = sizeof header + padded(header.n_namesz) + padded(header.n_descsz);
    if (whole > size) return {};
    const char* name = notes + sizeof header;
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
      std::string digits;
      const char* id = name + padded(header.n_namesz);
      for (std::size_t i = 0; i < header.n_descsz; ++i)
        digits += fmt::format("{:02x}", static_cast<unsigned char>(id[i]));
      return digits;
    }
    notes += whole;
    size -= whole;
  }
  return {};
}

int look_at_object(dl_phdr_info* object, std::size_t, void* result) {
  // The first object is the executable itself.
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    std::string id = find_in_notes(reinterpret_cast<const char*>(object->dlpi_addr + segment.p_vaddr), segment.p_memsz);
    if (!id.empty()) *static_cast<std::string*>(result) = std::move(id);
  }
  return 1;
}

}  // namespace

std::string build_id() {
  std::string id;
  dl_iterate_phdr(look_at_object, &id);
  return id;
}

}  // namespace stillpoint::supervise
