#pragma once
// The viewer as a person has it before them: a trace, its screen, a mouse and a keyboard.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "tests/record/synthetic.hpp"
#include "tests/visualizer/screen/story.hpp"
#include "visualizer/backend/headless.hpp"
#include "visualizer/screen/screen.hpp"

namespace stillpoint::test {

class Shown {
 public:
  static constexpr view::Size kSize{1000, 640};

  explicit Shown(const std::filesystem::path& path, view::Size size = kSize)
      : view(view::Trace(path)), screen_(view), desk([this] { screen_.draw(); }, size) {
    desk.settle();
  }

  // The id of the event at the cursor; 0 for none.
  EventId at() const { return view.cursor() == view::kNone ? 0 : view.trace().id(view.cursor()); }
  void put_cursor(EventId id) {
    REQUIRE(view.go_to_id(id));
    desk.settle();
  }
  bool shows(std::string_view label) const { return desk.rect_of(label).has_value(); }

  view::View view;

 private:
  view::Screen screen_;

 public:
  view::Headless desk;
};

// The story, recorded once.
class StoryFile {
 public:
  StoryFile() : story(record_story(path())) {}
  std::filesystem::path path() const { return folder_ / "story.db"; }

 private:
  Folder folder_;

 public:
  Story story;
};
inline const StoryFile& story_file() {
  static const StoryFile file;
  return file;
}

// It before a person's eyes.
class ShownStory : public Shown {
 public:
  explicit ShownStory(view::Size size = kSize) : Shown(story_file().path(), size) {}
  const Story& story = story_file().story;
};

}  // namespace stillpoint::test
