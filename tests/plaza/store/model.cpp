#include "tests/plaza/store/model.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>

#include "tests/support/folder.hpp"

namespace plaza::test {

bool same(const NodeStore::Kept& a, const NodeStore::Kept& b) {
  return a.hard_state == b.hard_state && a.start == b.start && a.entries == b.entries && a.applied == b.applied &&
         a.cells == b.cells;
}

std::string Draw::bytes(std::uint64_t size_most) {
  std::string drawn(below(size_most + 1), '\0');
  for (char& byte : drawn) byte = static_cast<char>(next());
  return drawn;
}

raft::Term Model::term_at(raft::Index index) const {
  return index == kept_.start.index ? kept_.start.term : kept_.entries.at(index - kept_.start.index - 1).term;
}

NodeStore::Batch Model::next(Draw& draw) {
  NodeStore::Batch batch;
  if (draw.one_in(3)) {
    kept_.hard_state.term += draw.below(3);
    kept_.hard_state.vote = static_cast<raft::NodeId>(draw.below(4));
    kept_.hard_state.commit = kept_.applied + draw.below(3);
    batch.hard_state = kept_.hard_state;
  }
  if (draw.one_in(15)) draw_install(draw, batch);
  if (!draw.one_in(4)) draw_entries(draw, batch);
  if (draw.one_in(2)) draw_state(draw, batch);
  if (draw.one_in(5)) draw_compact(draw, batch);
  return batch;
}

void Model::change_cells(Draw& draw) {
  for (std::uint64_t n = draw.below(8); n > 0; --n) {
    const std::string key = draw.one_in(20) ? draw.bytes(5) : "cell/" + std::to_string(draw.below(40));
    if (draw.one_in(3)) {
      cells_.erase(key);
    } else {
      cells_.put(key, draw.bytes(bytes_most_));
    }
  }
}

void Model::draw_install(Draw& draw, NodeStore::Batch& batch) {
  cells_ = Cells();
  for (int i = 0; i < 3; ++i) change_cells(draw);
  cells_ = Cells(cells_.all());
  kept_.start = {.index = last() + draw.below(5), .term = std::max(term_at(last()), kept_.hard_state.term)};
  kept_.entries.clear();
  kept_.applied = kept_.start.index;
  kept_.cells = cells_.all();
  batch.install = {.mark = kept_.start, .hash = cells_.hash(), .cells = kept_.cells};
}

void Model::draw_entries(Draw& draw, NodeStore::Batch& batch) {
  const raft::Index lowest = kept_.applied + 1;
  const raft::Index first = draw.one_in(4) ? lowest + draw.below(last() + 2 - lowest) : last() + 1;
  kept_.entries.resize(first - kept_.start.index - 1);
  for (std::uint64_t n = 1 + draw.below(5); n > 0; --n) {
    const raft::Term before = term_at(last());
    const raft::Entry entry{.index = last() + 1,
                            .term = before + draw.below(kept_.hard_state.term - before + 1),
                            .kind = draw.one_in(5) ? raft::EntryKind::noop : raft::EntryKind::command,
                            .data = draw.bytes(bytes_most_)};
    kept_.entries.push_back(entry);
    batch.entries.push_back(entry);
  }
}

void Model::draw_state(Draw& draw, NodeStore::Batch& batch) {
  change_cells(draw);
  kept_.applied += draw.below(last() - kept_.applied + 1);
  kept_.cells = cells_.all();
  batch.state = {.applied = kept_.applied, .hash = cells_.hash(), .changes = cells_.take_changes()};
}

void Model::draw_compact(Draw& draw, NodeStore::Batch& batch) {
  const raft::Index through = kept_.start.index + draw.below(kept_.applied - kept_.start.index + 1);
  const raft::Mark mark{.index = through, .term = term_at(through)};
  kept_.entries.erase(kept_.entries.begin(),
                      kept_.entries.begin() + static_cast<std::ptrdiff_t>(through - kept_.start.index));
  kept_.start = mark;
  batch.compact = mark;
}

}  // namespace plaza::test

using namespace plaza;
using namespace plaza::test;

TEST_CASE("a store holds what a model of it holds, whatever is written and however often it starts", "[node_store]") {
  const std::uint64_t seed = GENERATE(as<std::uint64_t>{}, 1, 2, 3, 4, 5);
  Draw draw(seed);
  Model model;
  const ::test::Folder folder;
  std::optional<NodeStore> store;
  std::uint64_t starts = 0;
  for (int i = 0; i < 250; ++i) {
    if (i % 10 == 0 || draw.one_in(10)) {
      store.reset();
      store.emplace(folder.path, kNode);
      REQUIRE(store->incarnation() == ++starts);
      REQUIRE(same(store->take_kept(), model.kept()));
    }
    store->write(model.next(draw));
  }
}
