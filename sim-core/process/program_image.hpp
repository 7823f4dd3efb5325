#pragma once
// The file of a program: an ELF shared object that exports main, read whole and looked at with care. Nothing in it is
// trusted: whatever is wrong with it is an Error that says what, for a person, before anything of it runs.
#include <elf.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stillpoint::process {

class ProgramImage {
 public:
  // Reads and checks the file. Throws Error: it cannot be read, is no shared object of this machine, is damaged, has no
  // function main.
  explicit ProgramImage(const std::string& path);

  // What the loader would call of the object when it comes and when it goes, by addresses within it.
  struct Calls {
    Elf64_Addr function = 0;  // DT_INIT or DT_FINI; 0: none
    Elf64_Addr array = 0;     // DT_INIT_ARRAY or DT_FINI_ARRAY
    std::size_t count = 0;    // of its elements
  };
  // Takes them out of the image: from then on, loading it runs nothing of the program.
  Calls take_initialisers();
  Calls take_finalisers();
  // Each host's copy must have its own of what the linker would make one for the process.
  void make_unique_symbols_global();

  const std::vector<char>& bytes() const { return bytes_; }

 private:
  template <typename T>
  T* at(std::size_t offset, std::size_t count = 1);
  template <typename Use>
  void each_symbol(Use use);

  struct Tags {
    Elf64_Sxword function;
    Elf64_Sxword array;
    Elf64_Sxword array_size;
  };
  Calls take(const Tags& tags);
  void require_shared_object();
  void require_whole_segments();
  void require_main();
  // `what` is wrong with the file: "is damaged: ...".
  [[noreturn]] void refuse(std::string_view what) const;

  std::string path_;
  std::vector<char> bytes_;
};

}  // namespace stillpoint::process
