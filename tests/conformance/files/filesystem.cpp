// std::filesystem.
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

namespace fs = std::filesystem;

std::string yes(bool answer) { return answer ? "yes" : "no"; }
// What a call has given, or its error.
template <typename Call>
std::string tried(Call call) {
  std::error_code error;
  const auto given = call(error);
  if (error) return strerrorname_np(error.value());
  if constexpr (std::is_same_v<decltype(given), const bool>) {
    return yes(given);
  } else if constexpr (std::is_arithmetic_v<decltype(given)>) {
    return std::to_string(given);
  } else {
    return given.string();
  }
}
std::string in_folder(World& w, const fs::path& path) {
  const std::string text = path.string();
  return text.starts_with(w.folder()) ? "folder" + text.substr(w.folder().size()) : text;
}
// All of a tree, sorted.
template <typename Iterator>
std::string listed(Iterator all) {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : all)
    names.insert(entry.path().string() + (entry.is_symlink() ? "@" : entry.is_directory() ? "/" : ""));
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text.empty() ? "none" : text;
}

void directories(World& w) {
  w.notes("create_directories", {tried([](auto& e) { return fs::create_directories("d/e/f", e); }),
                                 tried([](auto& e) { return fs::create_directories("d/e/f", e); })});
  w.notes("create_directory", {tried([](auto& e) { return fs::create_directory("d", e); }),
                               tried([](auto& e) { return fs::create_directory("no/d", e); }),
                               tried([](auto& e) { return fs::create_directory("g", e); })});
  put("a", "x");
  w.notes("over a file", {tried([](auto& e) { return fs::create_directory("a", e); }),
                          tried([](auto& e) { return fs::create_directories("a/b", e); })});
  w.notes("modes", {mode("d"), mode("d/e/f")});
  w.notes("empty", {yes(fs::is_empty("d/e/f")), yes(fs::is_empty("d")), yes(fs::is_empty("a"))});
  w.notes("remove",
          {tried([](auto& e) { return fs::remove("d", e); }), tried([](auto& e) { return fs::remove("d/e/f", e); }),
           tried([](auto& e) { return fs::remove("d/e/f", e); })});
}

void trees(World& w) {
  fs::create_directories("t/b/c");
  put("t/a", "x");
  put("t/b/a", "x");
  put("t/b/c/a", "x");
  symlink("..", "t/b/up");
  w.note("a directory", listed(fs::directory_iterator("t")));
  w.note("all of it", listed(fs::recursive_directory_iterator("t")));
  std::error_code error;
  fs::directory_iterator("none", error);
  w.note("of nothing", strerrorname_np(error.value()));
  fs::directory_iterator("t/a", error);
  w.note("of a file", strerrorname_np(error.value()));
  int deepest = 0;
  for (auto at = fs::recursive_directory_iterator("t"); at != fs::recursive_directory_iterator(); ++at)
    deepest = std::max(deepest, at.depth());
  w.note("depth", std::to_string(deepest));
  w.notes("remove_all", {tried([](auto& e) { return fs::remove_all("t", e); }),
                         tried([](auto& e) { return fs::remove_all("t", e); }), names()});
}

void copied(World& w) {
  put("a", "text");
  chmod("a", 0640);
  w.notes("copy_file", {tried([](auto& e) { return fs::copy_file("a", "b", e); }), contents("b"), mode("b")});
  put("a", "other");
  w.notes("there is one",
          {tried([](auto& e) { return fs::copy_file("a", "b", e); }),
           tried([](auto& e) { return fs::copy_file("a", "b", fs::copy_options::skip_existing, e); }), contents("b")});
  w.notes("over it", {tried([](auto& e) { return fs::copy_file("a", "b", fs::copy_options::overwrite_existing, e); }),
                      contents("b")});
  w.notes("refused", {tried([](auto& e) { return fs::copy_file("none", "c", e); }),
                      tried([](auto& e) { return fs::copy_file(".", "c", e); }),
                      tried([](auto& e) { return fs::copy_file("a", "a", e); })});
  put("large", std::string(200'000, 'x') + "end");
  w.notes("a large one", {tried([](auto& e) { return fs::copy_file("large", "c", e); }), contents("c")});
}

void whole_trees_copied(World& w) {
  fs::create_directories("t/b");
  put("t/a", "one");
  put("t/b/c", "two");
  symlink("a", "t/l");
  std::error_code error;
  fs::copy("t", "u", fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  w.notes("copy", {error ? strerrorname_np(error.value()) : "copied", listed(fs::recursive_directory_iterator("u")),
                   contents("u/b/c"), target("u/l")});
  fs::copy("t", "v", error);
  w.notes("not the deeper ones",
          {error ? strerrorname_np(error.value()) : "copied", listed(fs::recursive_directory_iterator("v"))});
}

void renamed_and_removed(World& w) {
  put("a", "text");
  mkdir("d", 0755);
  std::error_code error;
  fs::rename("a", "d/b", error);
  w.notes("rename", {yes(!error), names("d"), names()});
  fs::rename("none", "x", error);
  w.note("of nothing", strerrorname_np(error.value()));
  fs::rename("d/b", "d", error);
  w.note("over a directory", strerrorname_np(error.value()));
  w.notes("remove",
          {tried([](auto& e) { return fs::remove("d/b", e); }), tried([](auto& e) { return fs::remove("d/b", e); }),
           tried([](auto& e) { return fs::remove("d", e); })});
}

void asked(World& w) {
  put("a", "text");
  mkdir("d", 0755);
  symlink("a", "l");
  symlink("none", "dangling");
  for (const char* path : {"a", "d", "l", "dangling", "none", "a/b"}) {
    std::error_code ignored;
    w.notes(path, {yes(fs::exists(path, ignored)), yes(fs::is_regular_file(path, ignored)),
                   yes(fs::is_directory(path, ignored)), yes(fs::is_symlink(path, ignored))});
  }
  w.notes(
      "sizes",
      {tried([](auto& e) { return fs::file_size("a", e); }), tried([](auto& e) { return fs::file_size("l", e); }),
       tried([](auto& e) { return fs::file_size("d", e); }), tried([](auto& e) { return fs::file_size("none", e); })});
  link("a", "hard");
  w.notes("links", {tried([](auto& e) { return fs::hard_link_count("a", e); })});
  w.notes("equivalent", {tried([](auto& e) { return fs::equivalent("a", "hard", e); }),
                         tried([](auto& e) { return fs::equivalent("a", "l", e); }),
                         tried([](auto& e) { return fs::equivalent("a", "d", e); }),
                         tried([](auto& e) { return fs::equivalent("none", "neither", e); })});
}

void sizes_and_permissions(World& w) {
  put("a", "0123456789");
  std::error_code error;
  fs::resize_file("a", 4, error);
  w.notes("shorter", {yes(!error), contents("a")});
  fs::resize_file("a", 6);
  w.notes("longer", {contents("a")});
  fs::permissions("a", fs::perms::owner_read | fs::perms::group_read);
  w.notes("permissions", {mode("a"), octal(static_cast<mode_t>(fs::status("a").permissions()))});
  fs::permissions("a", fs::perms::owner_write, fs::perm_options::add);
  w.notes("one more", {mode("a")});
  fs::permissions("none", fs::perms::owner_write, error);
  w.note("of nothing", strerrorname_np(error.value()));
}

void times(World& w) {
  put("a", "x");
  const auto first = fs::last_write_time("a");
  w.pass(30ms);
  put("a", "y");
  w.note("later", fs::last_write_time("a") > first);
  const fs::file_time_type earlier = first - std::chrono::hours(100) - std::chrono::nanoseconds(5);
  fs::last_write_time("a", earlier);
  w.note("set and read back", fs::last_write_time("a") == earlier);
  w.note("it is in the past", fs::last_write_time("a") < fs::file_time_type::clock::now());
  std::error_code error;
  w.note("of nothing", (static_cast<void>(fs::last_write_time("none", error)), strerrorname_np(error.value())));
}

void links(World& w) {
  put("a", "text");
  std::error_code error;
  fs::create_symlink("a", "l", error);
  w.notes("symlink", {yes(!error), tried([](auto& e) { return fs::read_symlink("l", e); }), contents("l")});
  fs::create_hard_link("a", "h", error);
  w.notes("hard link", {yes(!error), yes(fs::equivalent("a", "h"))});
  fs::create_directory_symlink(".", "here", error);
  w.notes("to a directory", {yes(!error), names("here")});
  fs::copy_symlink("l", "m", error);
  w.notes("copied", {yes(!error), target("m")});
  w.notes("of none", {tried([](auto& e) { return fs::read_symlink("a", e); }),
                      tried([](auto& e) { return fs::read_symlink("none", e); })});
  fs::create_symlink("x", "l", error);
  w.note("there is one", strerrorname_np(error.value()));
  w.notes("remove", {tried([](auto& e) { return fs::remove("l", e); }), type("a")});
}

void paths(World& w) {
  fs::create_directories("d/e");
  put("d/a", "x");
  symlink("d", "l");
  w.notes("current_path", {in_folder(w, fs::current_path())});
  w.notes("absolute", {in_folder(w, fs::absolute("d/none"))});
  w.notes("canonical",
          {in_folder(w, fs::canonical("l/e/../a")), tried([](auto& e) { return fs::canonical("none", e); }),
           tried([](auto& e) { return fs::canonical("d/a/b", e); })});
  w.notes("weakly", {in_folder(w, fs::weakly_canonical("l/none/x"))});
  w.notes("relative", {fs::relative("l/a", "d/e").string(), fs::proximate("d", "l").string()});
  fs::current_path("d/e");
  w.notes("elsewhere", {in_folder(w, fs::current_path()), names("..")});
  std::error_code error;
  fs::current_path("none", error);
  w.note("nowhere", strerrorname_np(error.value()));
}

void room(World& w) {
  std::error_code error;
  const fs::space_info all = fs::space(".", error);
  w.notes("space", {yes(!error), yes(all.capacity >= all.free), yes(all.free >= all.available), yes(all.capacity > 0)});
  w.note("of nothing", (static_cast<void>(fs::space("none", error)), strerrorname_np(error.value())));
}

void thrown(World& w) {
  const auto error_of = [](auto call) {
    try {
      call();
    } catch (const fs::filesystem_error& error) {
      return std::string(strerrorname_np(error.code().value())) + ' ' + error.path1().string();
    }
    return std::string("nothing");
  };
  w.note("file_size", error_of([] { return fs::file_size("none"); }));
  w.note("create_directory", error_of([] { return fs::create_directory("no/d"); }));
  put("a", "x");
  w.note("directory_iterator", error_of([] { return fs::directory_iterator("a") == fs::directory_iterator(); }));
  mkdir("d", 0);
  w.note("no permission",
         error_of([] { return fs::recursive_directory_iterator("d") == fs::recursive_directory_iterator(); }));
  w.note("but it may be left out",
         listed(fs::recursive_directory_iterator(".", fs::directory_options::skip_permission_denied)));
}

constexpr Case kCases[] = {
    {"directories", directories},
    {"trees", trees},
    {"copied", copied},
    {"whole trees copied", whole_trees_copied},
    {"renamed and removed", renamed_and_removed},
    {"asked", asked},
    {"sizes and permissions", sizes_and_permissions},
    {"times", times},
    {"links", links},
    {"paths", paths},
    {"room", room},
    {"thrown", thrown},
};
const Suite suite("files/filesystem", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
