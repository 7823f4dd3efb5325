#pragma once
// Random sequences of calls about files. As random/generator.hpp, a sequence follows from its seed alone. All happens
// in one folder, with a few names in it, so that calls meet; of the machine's other files none is touched.
//
// What Linux itself leaves open is not asked, and the reason stands where it is left out.
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tests/conformance/random/draws.hpp"
#include "tests/conformance/random_files/caller.hpp"

namespace stillpoint::test {

// One call: how it reads, and how it is made. It returns what is observed.
struct FileStep {
  std::string text;
  std::function<std::string(FileCaller&)> make;
};
using FileSequence = std::vector<FileStep>;

class FileGenerator : public Draws {
 public:
  explicit FileGenerator(std::uint64_t seed) : Draws(seed) {}
  // Its last step looks at the whole tree.
  FileSequence sequence();

  // ---- what calls are given ----
  // A path to something, or to nothing; now and then one that no file can have.
  std::string path();
  std::string directory();
  off_t offset();
  off_t length() { return one_in(30) ? -1 : offset(); }
  std::size_t size() { return size_up_to(9'000); }
  mode_t permissions() { return one_of({0644u, 0644u, 0600u, 0666u, 0755u, 0700u, 0400u, 0200u, 0000u, 0111u}); }

  // ---- slots: descriptors, which files are opened into ----
  struct Slot {
    bool open = true;
    bool directory = false;
  };
  int add_slot(bool directory);
  Slot& slot(int number) { return slots_[static_cast<std::size_t>(number)]; }
  // An open one; now and then any, or none.
  int pick();
  int pick_directory();
  bool full() const { return slots_.size() >= 12; }

  int add_mapping() { return mappings_++; }
  int mappings() const { return mappings_; }

  // What is data and what is a hole is told of files that are only written and cut: of what was allocated, or written
  // through a mapping, Linux says it as its cache has it.
  enum class Asked { holes, allocation_and_mappings };
  Asked asked() const { return asked_; }

  void add(std::string text, std::function<std::string(FileCaller&)> make);

 private:
  int pick_of(bool directory);

  std::vector<Slot> slots_;
  FileSequence steps_;
  int mappings_ = 0;
  Asked asked_ = Asked::holes;
};

// A kind of call, and how often it is drawn. It adds nothing where there is nothing for it.
struct FileKind {
  unsigned weight;
  void (*add)(FileGenerator&);
};
// By file.
extern const std::span<const FileKind> kOpening;      // open.cpp
extern const std::span<const FileKind> kMovingBytes;  // transfer.cpp
extern const std::span<const FileKind> kShaping;      // shape.cpp
extern const std::span<const FileKind> kNaming;       // names.cpp
extern const std::span<const FileKind> kLooking;      // look.cpp
extern const std::span<const FileKind> kLocking;      // locks.cpp
extern const std::span<const FileKind> kMapping;      // mappings.cpp

// What a sequence begins with: some files, directories and links; some of them open.
void some_names(FileGenerator& generator);        // names.cpp
void some_descriptors(FileGenerator& generator);  // open.cpp

}  // namespace stillpoint::test
