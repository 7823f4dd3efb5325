// Calls that change nothing, but for where one is.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/random_files/generator.hpp"

namespace stillpoint::test {
namespace {

// Directories' sizes are the file system's own.
std::string described(int given, const struct stat& status) {
  if (given < 0) return outcome(given);
  const std::string size = S_ISDIR(status.st_mode) ? "" : fmt::format(", {} bytes", status.st_size);
  return fmt::format("{} {}, {} links{}", files::type_of(status.st_mode), files::octal(status.st_mode), status.st_nlink,
                     size);
}

void a_stat(FileGenerator& generator) {
  const std::string path = generator.path();
  const bool follow = generator.one_in(2);
  generator.add(fmt::format("{}(\"{}\")", follow ? "stat" : "lstat", path), [=](FileCaller&) {
    struct stat status {};
    return described(follow ? stat(path.c_str(), &status) : lstat(path.c_str(), &status), status);
  });
}

void an_fstat(FileGenerator& generator) {
  const int slot = generator.pick();
  generator.add(fmt::format("fstat(s{})", slot), [=](FileCaller& caller) {
    struct stat status {};
    return described(fstat(caller.fd(slot), &status), status);
  });
}

void an_fstatat(FileGenerator& generator) {
  const int directory = generator.pick_directory();
  const std::string path = generator.one_in(4) ? "" : generator.path();
  const int flags = generator.one_of({0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH});
  generator.add(fmt::format("fstatat(s{}, \"{}\", {:#x})", directory, path, flags), [=](FileCaller& caller) {
    struct stat status {};
    return described(fstatat(caller.fd(directory), path.c_str(), &status, flags), status);
  });
}

void whether_they_are_one(FileGenerator& generator) {
  const std::string one = generator.path();
  const std::string other = generator.path();
  generator.add(fmt::format("\"{}\" is \"{}\"", one, other),
                [=](FileCaller&) { return std::string(files::same(one, other) ? "yes" : "no"); });
}

void where_a_link_leads(FileGenerator& generator) {
  const std::string path = generator.one_in(2) ? generator.one_of({"l", "m"}) : generator.path();
  generator.add(fmt::format("readlink(\"{}\")", path), [=](FileCaller&) { return files::target(path); });
}

void a_real_path(FileGenerator& generator) {
  const std::string path = generator.path();
  generator.add(fmt::format("realpath(\"{}\")", path), [=](FileCaller& caller) {
    char* const found = realpath(path.c_str(), nullptr);
    if (found == nullptr) return outcome(-1);
    const std::string shown = caller.shown_path(found);
    std::free(found);
    return shown;
  });
}

void what_one_may(FileGenerator& generator) {
  const std::string path = generator.path();
  const int mode = generator.one_of({F_OK, R_OK, W_OK, X_OK, R_OK | W_OK | X_OK});
  generator.add(fmt::format("access(\"{}\", {})", path, mode),
                [=](FileCaller&) { return outcome(access(path.c_str(), mode)); });
}

void what_there_is(FileGenerator& generator) {
  const std::string path = generator.one_in(2) ? "." : generator.path();
  generator.add(fmt::format("names in \"{}\"", path), [=](FileCaller&) {
    DIR* const directory = opendir(path.c_str());
    if (directory == nullptr) return outcome(-1);
    std::set<std::string> names;
    while (const dirent* entry = readdir(directory)) names.insert(fmt::format("{} {}", entry->d_name, entry->d_type));
    closedir(directory);
    return fmt::format("{}", fmt::join(names, ", "));
  });
}

void where_one_is(FileGenerator& generator) {
  generator.add("getcwd()", [](FileCaller& caller) {
    char path[PATH_MAX];
    return getcwd(path, sizeof path) == nullptr ? outcome(-1) : caller.shown_path(path);
  });
}

void elsewhere(FileGenerator& generator) {
  const std::string path = generator.one_in(2) ? generator.directory() : generator.path();
  generator.add(fmt::format("chdir(\"{}\")", path), [=](FileCaller&) { return outcome(chdir(path.c_str())); });
}

void elsewhere_by_descriptor(FileGenerator& generator) {
  const int directory = generator.pick_directory();
  generator.add(fmt::format("fchdir(s{})", directory),
                [=](FileCaller& caller) { return outcome(fchdir(caller.fd(directory))); });
}

constexpr FileKind kKinds[] = {{14, a_stat},
                               {8, an_fstat},
                               {4, an_fstatat},
                               {5, whether_they_are_one},
                               {5, where_a_link_leads},
                               {4, a_real_path},
                               {6, what_one_may},
                               {10, what_there_is},
                               {4, where_one_is},
                               {4, elsewhere},
                               {3, elsewhere_by_descriptor}};

}  // namespace

const std::span<const FileKind> kLooking(kKinds);

}  // namespace stillpoint::test
