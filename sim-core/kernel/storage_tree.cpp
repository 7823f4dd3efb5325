// What is on a host's disk before anything of the host has run: the usual directories, the files that a scenario puts
// there, and, read only, what libraries want of any machine: time zones and locales. These are the real machine's, and
// come one by one when they are asked for.
//
// The whole tree belongs to the user that programs run as, but for /dev and /usr; programs start in /srv. The local
// time of a host is UTC: /etc/localtime, which says where the real machine stands, is not among what it sees.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <climits>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

#include <stillpoint/error.hpp>

#include "sim-core/base/real_file.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/storage.hpp"

namespace stillpoint::kernel {
namespace {

constexpr disk::Owner kRoot{0, 0};

// What of the real machine is seen.
constexpr const char* kOfTheMachine[] = {"/usr/share/zoneinfo", "/usr/share/locale", "/usr/lib/locale"};

[[noreturn]] void refuse_path(std::string_view path, std::string_view why) {
  throw Error(fmt::format("'{}' cannot be the path of a host's file: {}", path, why));
}

// The components of a path. Throws Error if it is none that a file can be put at.
std::vector<std::string> components_of(const std::string& path) {
  const auto refuse = [&](std::string_view why) { refuse_path(path, why); };
  if (!path.starts_with('/')) refuse("it is not absolute");
  if (path.size() >= PATH_MAX) refuse("it is too long");
  if (path.find('\0') != path.npos) refuse("it has a zero byte in it");
  std::vector<std::string> components;
  for (std::size_t at = 1; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    components.push_back(path.substr(at, end - at));
    if (components.back().empty() || components.back() == "." || components.back() == "..")
      refuse("it has an empty name, '.' or '..' in it");
    if (components.back().size() > disk::kLongestName) refuse("a name in it is longer than 255 bytes");
    at = end + 1;
  }
  return components;
}

// The directory at the end of these names, which begin a path; it is made where it is missing. Throws Error if one of
// them is a file.
disk::Inode& make_directories(disk::FileSystem& files, std::string_view path, std::span<const std::string> names,
                              disk::Owner owner) {
  disk::Inode* directory = &files.root();
  for (const std::string& name : names) {
    disk::Inode* next = files.look_up(*directory, name);
    if (next == nullptr) next = &files.place(*directory, name, S_IFDIR | 0755, owner);
    if (!next->is(S_IFDIR)) refuse_path(path, fmt::format("'{}' is a file", name));
    directory = next;
  }
  return *directory;
}

// Unlike on most machines /run is on the disk, and outlives a crash.
void make_first_tree(disk::FileSystem& files, disk::Owner user) {
  disk::Inode& root = files.root();
  for (const char* name : {"etc", "home", "run", "srv"}) files.place(root, name, S_IFDIR | 0755, user);
  files.place(root, "tmp", S_IFDIR | 01777, user);
  disk::Inode& var = files.place(root, "var", S_IFDIR | 0755, user);
  for (const char* name : {"lib", "log"}) files.place(var, name, S_IFDIR | 0755, user);
  files.place(var, "tmp", S_IFDIR | 01777, user);
  disk::Inode& devices = files.place(root, "dev", S_IFDIR | 0755, kRoot);
  constexpr std::pair<const char*, unsigned> kDevices[] = {{"null", 3}, {"zero", 5}, {"random", 8}, {"urandom", 9}};
  for (const auto& [name, minor] : kDevices) files.place(devices, name, S_IFCHR | 0666, kRoot, {}, makedev(1, minor));
  for (const char* path : kOfTheMachine) make_directories(files, path, components_of(path), kRoot).of_elsewhere = true;
}

void place_files(disk::FileSystem& files, disk::Owner user, const std::map<std::string, std::string>& content_by_path) {
  for (const auto& [path, content] : content_by_path) {
    std::vector<std::string> names = components_of(path);
    const std::string name = std::move(names.back());
    names.pop_back();
    disk::Inode& directory = make_directories(files, path, names, user);
    if (directory.of_elsewhere) refuse_path(path, "what is there is the machine's");
    if (files.look_up(directory, name) != nullptr) refuse_path(path, "it is there already");
    if (files.free_pages() < (content.size() + disk::kPage - 1) / disk::kPage)
      refuse_path(path, "it does not fit on the disk");
    files.place(directory, name, S_IFREG | 0644, user, content);
  }
}

// Of a disk that nobody uses.
class NoMachine final : public disk::Machine {
 public:
  VirtualTime now() const override { return {}; }
  disk::WallTime wall_time() const override { return 0; }
  EventId wrote(const disk::Inode&, std::uint64_t, std::span<const std::byte>) override { return kNoEvent; }
  EventId resized(const disk::Inode&, std::uint64_t) override { return kNoEvent; }
  EventId renamed(disk::NameChange, const disk::Inode&, const disk::Inode&, std::string_view, const disk::Inode*,
                  std::string_view) override {
    return kNoEvent;
  }
  EventId changed_mode(const disk::Inode&) override { return kNoEvent; }
  EventId synced(const disk::Inode*, std::uint64_t, Synced) override { return kNoEvent; }
  void placed(const disk::Inode&, const disk::Inode&, std::string_view) override {}
  void note_detail(disk::Detail, const disk::Inode&, std::uint64_t, std::uint64_t) override {}
};

}  // namespace

void check_files(const std::map<std::string, std::string>& content_by_path, const DiskOptions& options) {
  NoMachine machine;
  disk::FileSystem files(machine, options, kRoot);
  make_first_tree(files, kRoot);
  place_files(files, kRoot, content_by_path);
}

void Storage::make_first_tree() {
  kernel::make_first_tree(files, user());
  set_working_directory(*files.root().directory.find("srv"));
}

void Storage::add_files(const std::map<std::string, std::string>& content_by_path) {
  place_files(files, user(), content_by_path);
  first_files_.insert(content_by_path.begin(), content_by_path.end());
}

disk::Inode* Storage::find_elsewhere(disk::Inode& directory, std::string_view name) {
  const CurrentHost harness(nullptr);
  const std::string path = *disk::path_of(files, directory) + "/" + std::string(name);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return nullptr;
  if (S_ISLNK(status.st_mode)) {
    char target[PATH_MAX];
    const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
    if (size < 0) return nullptr;
    return &files.place(directory, name, S_IFLNK | 0777, kRoot, {target, static_cast<std::size_t>(size)});
  }
  if (S_ISDIR(status.st_mode)) {
    disk::Inode& made = files.place(directory, name, S_IFDIR | 0755, kRoot);
    made.of_elsewhere = true;
    return &made;
  }
  if (!S_ISREG(status.st_mode)) return nullptr;
  const std::optional<std::string> content = read_real_file(path);
  return content ? &files.place(directory, name, S_IFREG | 0644, kRoot, *content) : nullptr;
}

void Storage::find_all_elsewhere(disk::Inode& directory) {
  std::set<std::string> names;  // in an order that does not hang on the real disk
  {
    const CurrentHost harness(nullptr);
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(*disk::path_of(files, directory), error))
      names.insert(entry.path().filename().string());
  }
  for (const std::string& name : names) files.look_up(directory, name);
}

}  // namespace stillpoint::kernel
