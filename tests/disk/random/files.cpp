// Random work on files, with crashes and reboots, against a reference that is as simple as can be.
//
//   test_disk_files [--seeds N] [--seed S] [--verbose 1]
//
// A seed is a file system of some options, and 20 lives of it, each ended by a crash: so the default is 100,000
// crashes. All along every result is compared with the reference's, a std::map of names and a std::string for each
// file, and what the file system counts with what the reference does; after each crash with what was promised. Each
// seed runs twice and must end with the same trees. It is part of what is run with sanitizers.
#include <fmt/format.h>

#include <cstring>

#include <stillpoint/random.hpp>
#include "tests/disk/program.hpp"
#include "tests/disk/promises.hpp"
#include "tests/disk/random/options.hpp"
#include "tests/disk/random/reference.hpp"
#include "tests/disk/tree.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using disk::Inode;

namespace {

constexpr int kLives = 20;
constexpr int kMostOperations = 40;

// Memory that programs map: what they store in it, a test stores.
class PlainMemory final : public disk::Memory {
 public:
  void resize(std::uint64_t bytes) override {
    bytes_.resize(bytes);
    bytes_.resize((bytes + disk::kPage - 1) / disk::kPage * disk::kPage);
  }
  std::byte* begin() override { return bytes_.data(); }

 private:
  std::vector<std::byte> bytes_;
};

struct Held {
  Inode* inode;
  bool mapped;
};

class Workload {
 public:
  Workload(std::uint64_t seed, bool tells)
      : seed_(seed),
        tells_(tells),
        random_(seed, "disk files", seed),
        crashes_(seed, "disk crashes", seed),
        files_(machine_, some_options(random_), {0, 0}),
        reference_(files_.root().number, files_.pages(), files_.options().most_inodes),
        promises_(files_.options().ordering) {
    if (files_.options().most_pending < (1 << 20)) promises_.commits_by_itself();
    promises_.observe_all(files_);
  }

  // The texts of all trees that crashes left.
  std::string run() {
    for (life_ = 0; life_ < kLives && failures_ == 0; ++life_) {
      for (std::uint64_t left = random_.below(kMostOperations); left > 0 && failures_ == 0; --left) step();
      compare_all();
      crash();
    }
    return trees_;
  }

  std::uint64_t failures() const { return failures_; }

 private:
  static disk::DiskOptions some_options(RandomStream& random) {
    disk::DiskOptions options;
    options.ordering = kOrderings[random.below(3)];
    options.sector = random.below(2) == 0 ? 512 : 4096;
    if (random.below(3) == 0) options.capacity = disk::kPage * (1 + random.below(12));
    if (random.below(4) == 0) options.most_inodes = 2 + random.below(5);
    if (random.below(3) == 0) options.most_pending = 4096 * (1 + random.below(4));
    return options;
  }

  template <typename... Values>
  void told(fmt::format_string<Values...> what, Values&&... values) {
    last_ = fmt::format(what, std::forward<Values>(values)...);
    if (tells_) fmt::print("  {}\n", last_);
  }

  void fail(std::string_view what) {
    if (++failures_ > 5) return;
    fmt::print("seed {}, {}, life {}, {}: {}\n", seed_, name(), life_, last_, what);
  }
  std::string_view name() const { return name_of(files_.options().ordering); }

  // Both said the same, and the file system counts right.
  void expect(std::uint64_t got, std::uint64_t expected) {
    find_stores();
    if (got != expected) fail(fmt::format("{}, but the reference says {}", got, expected));
    if (files_.used_pages() != reference_.used_pages())
      fail(fmt::format("{} pages, not {}", files_.used_pages(), reference_.used_pages()));
    if (files_.inodes() != reference_.inodes())
      fail(fmt::format("{} inodes, not {}", files_.inodes(), reference_.inodes()));
  }
  template <typename T>
  void expect(const Result<T>& got, int expected) {
    expect(static_cast<std::uint64_t>(got.error()), static_cast<std::uint64_t>(expected));
  }

  // ---- what there is ----

  Inode& some_directory() {
    std::vector<Inode*> directories{&files_.root()};
    for (std::size_t i = 0; i < directories.size(); ++i) {
      for (const auto& [name, leads] : directories[i]->directory.names()) {
        if (leads.inode->is(S_IFDIR)) directories.push_back(leads.inode);
      }
    }
    return *directories[random_.below(directories.size())];
  }
  std::string some_name() { return std::string(1, static_cast<char>('a' + random_.below(4))); }
  // A file with a name, or one that is held; null if the first that was thought of is none.
  Inode* some_file() {
    if (!held_.empty() && random_.below(3) == 0) return held_[random_.below(held_.size())].inode;
    for (int tries = 0; tries < 4; ++tries) {
      Inode* inode = some_directory().directory.find(some_name());
      if (inode != nullptr && inode->is(S_IFREG)) return inode;
    }
    return nullptr;
  }
  std::uint64_t some_offset() {
    const std::uint64_t most = std::uint64_t{1} << random_.below(15);
    return random_.below(2) == 0 ? random_.below(most) : random_.below(most) / 512 * 512;
  }
  std::string some_bytes() {
    std::string bytes(1 + random_.below(std::uint64_t{1} << random_.below(14)), '\0');
    const std::uint64_t first = random_.below(26);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>('a' + (first + i / 512) % 26);
    return bytes;
  }

  // ---- operations ----

  void step() {
    switch (random_.below(20)) {
      case 0:
      case 1:
      case 2:
        return make();
      case 3:
      case 4:
      case 5:
      case 6:
        return write();
      case 7:
        return resize();
      case 8:
        return random_.below(2) == 0 ? read() : allocate();
      case 9:
      case 10:
        return rename();
      case 11:
        return link();
      case 12:
      case 13:
        return remove();
      case 14:
        return hold();
      case 15:
        return let_go();
      case 16:
      case 17:
        return store();
      case 18:
        return sync();
      default:
        return wait();
    }
  }

  void make() {
    Inode& directory = some_directory();
    const std::string name = some_name();
    const bool is_directory = random_.below(3) == 0;
    told("make {} in {}", name, directory.number);
    const auto made = files_.make(directory, name, is_directory ? S_IFDIR | 0755 : S_IFREG | 0644, {0, 0});
    const Inode* inode = made ? made.value() : nullptr;
    expect(made, reference_.make(directory.number, name, inode != nullptr ? inode->number : 0, is_directory));
    promises_.observe(files_);
  }

  void write() {
    Inode* inode = some_file();
    if (inode == nullptr) return;
    const std::uint64_t offset = random_.below(2) == 0 ? inode->size : some_offset();
    const std::string bytes = some_bytes();
    told("write {} at {}, {}", inode->number, offset, bytes.size());
    find_stores();
    const std::size_t cut = random_.below(bytes.size() + 1);
    const iovec parts[] = {{const_cast<char*>(bytes.data()), cut},
                           {const_cast<char*>(bytes.data()) + cut, bytes.size() - cut}};
    const auto written = files_.write(*inode, offset, parts);
    const auto expected = reference_.write(inode->number, offset, bytes);
    if (!written != !expected) return fail(fmt::format("error {}, not {}", written.error(), expected.error()));
    expect(written ? written.value() : 0, expected ? expected.value() : 0);
    if (written) changed(*inode);
  }

  void resize() {
    Inode* inode = some_file();
    if (inode == nullptr) return;
    const std::uint64_t size = random_.below(3) == 0 ? 0 : some_offset();
    told("resize {} to {}", inode->number, size);
    find_stores();
    const Status resized = files_.resize(*inode, size);
    reference_.resize(inode->number, size);
    expect(resized, 0);
    changed(*inode);
  }

  void allocate() {
    Inode* inode = some_file();
    if (inode == nullptr) return;
    const std::uint64_t offset = some_offset(), size = 1 + some_offset();
    told("allocate {} from {}, {}", inode->number, offset, size);
    find_stores();
    const std::uint64_t pages = inode->pages(), length = inode->size;
    const Status allocated = files_.allocate(*inode, offset, size, random_.below(2) == 0);
    if (allocated && inode->size > reference_.content(inode->number).size())
      reference_.resize(inode->number, inode->size);
    expect(allocated, reference_.allocate(inode->number, offset, size));
    if (inode->pages() != pages || inode->size != length) changed(*inode);
  }

  void read() {
    Inode* inode = some_file();
    if (inode == nullptr) return;
    const std::uint64_t offset = some_offset(), size = some_offset();
    told("read {} at {}, {}", inode->number, offset, size);
    std::string got(size, '?');
    const std::size_t cut = random_.below(size + 1);
    const iovec parts[] = {{got.data(), cut}, {got.data() + cut, size - cut}};
    got.resize(files_.read(*inode, offset, parts));
    const std::string& content = reference_.content(inode->number);
    if (got != (offset < content.size() ? content.substr(offset, size) : "")) fail("reads " + runs(got));
  }

  void rename() {
    using Rename = disk::FileSystem::Rename;
    Inode &from = some_directory(), &to = some_directory();
    const std::string name = some_name(), new_name = some_name();
    const auto how = static_cast<Rename>(random_.below(3));
    told("rename {} in {} to {} in {}, {}", name, from.number, new_name, to.number, static_cast<int>(how));
    const Status renamed = files_.rename(from, name, to, new_name, how);
    expect(renamed, reference_.rename(from.number, name, to.number, new_name, how));
    promises_.observe(files_);
  }

  void link() {
    Inode& directory = some_directory();
    Inode* inode = random_.below(8) == 0 ? &some_directory() : some_file();
    if (inode == nullptr) return;
    const std::string name = some_name();
    told("link {} as {} in {}", inode->number, name, directory.number);
    const Status linked = files_.link(*inode, directory, name);
    expect(linked, reference_.link(inode->number, directory.number, name));
    promises_.observe(files_);
  }

  void remove() {
    Inode& directory = some_directory();
    const std::string name = some_name();
    const bool is_directory = random_.below(3) == 0;
    told("remove {}{} in {}", name, is_directory ? "/" : "", directory.number);
    const Status removed = is_directory ? files_.remove_directory(directory, name) : files_.remove(directory, name);
    expect(removed, reference_.remove(directory.number, name, is_directory));
    promises_.observe(files_);
  }

  void hold() {
    if (held_.size() >= 4) return;
    Inode* inode = some_file();
    if (inode == nullptr && random_.below(2) == 0) {
      told("make without a name");
      const auto made = files_.make_nameless(S_IFREG | 0644, {0, 0});
      expect(made, reference_.make_nameless(made ? made.value()->number : 0));
      if (!made) return;
      inode = made.value();
      promises_.observe(files_, inode);
    }
    if (inode == nullptr) return;
    Held held{inode, random_.below(2) == 0};
    told("hold {}{}", inode->number, held.mapped ? ", mapped" : "");
    files_.hold(*inode);
    reference_.hold(inode->number, 1);
    if (held.mapped) {
      if (inode->content.memory() == nullptr) inode->content.move_to(std::make_shared<PlainMemory>(), inode->size);
      files_.watch_stores(*inode);
    }
    held_.push_back(held);
  }

  void let_go() {
    if (held_.empty()) return;
    const auto which = held_.begin() + static_cast<std::ptrdiff_t>(random_.below(held_.size()));
    told("let go {}", which->inode->number);
    find_stores();
    const disk::InodeNumber number = which->inode->number;
    files_.let_go(*which->inode);
    reference_.hold(number, -1);
    held_.erase(which);
    expect(std::uint64_t{0}, 0);
  }

  // A program changes memory that it has mapped.
  void store() {
    find_stores();
    for (const Held& held : held_) {
      if (!held.mapped || held.inode->size == 0) continue;
      Inode& inode = *held.inode;
      const std::uint64_t offset = random_.below(inode.size);
      std::string bytes = some_bytes();
      if (random_.below(4) == 0) bytes.assign(bytes.size(), '\0');
      bytes.resize(std::min<std::uint64_t>(bytes.size(), inode.size - offset));
      told("store {} at {}, {}", inode.number, offset, bytes.size());
      std::memcpy(inode.content.memory()->begin() + offset, bytes.data(), bytes.size());
      reference_.store(inode.number, offset, bytes);
      if (content_of(files_, inode) != reference_.content(inode.number)) fail("reads something else");
      promises_.observe(files_, &inode);
      if (random_.below(2) == 0) find_stores();
      return;
    }
  }

  // What programs stored in memory is found at latest where it matters; here before that, so that pages are counted.
  void find_stores() {
    for (const Held& held : held_) {
      if (held.mapped) files_.absorb_stores(*held.inode);
    }
  }

  void sync() {
    find_stores();
    if (random_.below(12) == 0) {
      lies_ = !lies_;
      files_.let_fsync_lie(lies_);
    }
    const std::uint64_t which = random_.below(6);
    if (which == 0) {
      told("sync");
      files_.sync_everything();
      if (!lies_) promises_.synced_everything();
      return;
    }
    Inode* inode = which < 3 ? &some_directory() : some_file();
    if (inode == nullptr) return;
    const auto what = random_.below(3) == 0 ? disk::FileSystem::Sync::data : disk::FileSystem::Sync::all;
    told("{} {}", what == disk::FileSystem::Sync::all ? "fsync" : "fdatasync", inode->number);
    files_.sync(*inode, what);
    if (!lies_) promises_.synced(*inode, what);
  }

  void wait() {
    const std::uint64_t seconds = random_.below(4) == 0 ? 31 : random_.below(8);
    told("wait {}", seconds);
    find_stores();
    machine_.time += std::chrono::seconds(seconds);
    if (files_.options().ordering == disk::Ordering::strict_posix) return;
    if (seconds > 30) promises_.settled_everything();
    if (seconds > 5) promises_.settled_names();
  }

  void changed(Inode& inode) {
    if (content_of(files_, inode) != reference_.content(inode.number)) fail("holds something else");
    promises_.observe(files_, &inode);
  }

  // ---- the end of a life ----

  std::vector<Inode*> held() const {
    std::vector<Inode*> held;
    for (const Held& each : held_) held.push_back(each.inode);
    return held;
  }

  void compare_all() {
    last_ = "at the end";
    find_stores();
    for (const std::string& fault : faults_of(files_, held())) fail(fault);
    for (const std::string& difference : reference_.differences_from(files_)) fail(difference);
  }

  void crash() {
    told("crash");
    disk::SeededChoice choice(crashes_);
    const disk::FileSystem::Lost lost = files_.crash(choice);
    for (const disk::LostWrite& write : lost.writes) {
      if (write.lost > write.sectors) fail("more is lost than was written");
    }
    held_.clear();
    for (const std::string& fault : faults_of(files_)) fail(fault);
    for (const std::string& broken : promises_.broken_by(files_)) fail(broken);
    trees_ += tree_of(files_) + fmt::format(" {} {}\n", lost.writes.size(), lost.names.size());
    if (tells_) fmt::print("  {}\n", tree_of(files_));
    reference_.begin_again(files_);
    promises_ = Promises(files_.options().ordering);
    if (files_.options().most_pending < (1 << 20)) promises_.commits_by_itself();
    promises_.observe_all(files_);
    promises_.synced_everything();
  }

  const std::uint64_t seed_;
  const bool tells_;
  RandomStream random_, crashes_;
  DiskMachine machine_;
  disk::FileSystem files_;
  Reference reference_;
  Promises promises_;
  std::vector<Held> held_;
  bool lies_ = false;
  int life_ = 0;
  std::string last_;
  std::string trees_;
  std::uint64_t failures_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const RandomOptions options = read_random_options(argc, argv, 5'000);
  std::uint64_t failures = 0;
  std::uint64_t hash = 14'695'981'039'346'656'037u;  // FNV-1a
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds && failures < 20; ++seed) {
    if (options.verbose) fmt::print("seed {}\n", seed);
    Workload first(seed, options.verbose != 0);
    const std::string trees = first.run();
    failures += first.failures();
    Workload again(seed, false);
    if (first.failures() == 0 && again.run() != trees) {
      fmt::print("seed {}: two runs differ\n", seed);
      ++failures;
    }
    for (const char byte : trees) hash = (hash ^ static_cast<unsigned char>(byte)) * 1'099'511'628'211u;
  }
  fmt::print("{} seeds, {} crashes, twice each; hash {:016x}; {} failures\n", options.seeds, options.seeds * kLives,
             hash, failures);
  return failures == 0 ? 0 : 1;
}
