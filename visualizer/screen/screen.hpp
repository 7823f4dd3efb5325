#pragma once
// The viewer's one window, drawn with ImGui from a View. It holds only what belongs to the look (which panel is open,
// what is being typed); everything else is the View's.
#include <memory>

#include "visualizer/model/view.hpp"

namespace stillpoint::view {

class Screen {
 public:
  explicit Screen(View& view);
  ~Screen();
  // One frame, between ImGui::NewFrame() and ImGui::Render(): handles keys, draws everything into the whole display.
  void draw();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stillpoint::view
