// What a node's store must hold, as plain data in memory; and batches to write, drawn from a seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "system-under-test/plaza/store/node_store.hpp"
#include "tests/plaza/split_mix.hpp"

namespace plaza::test {

inline const NodeIdentity kNode{.cluster = "plaza", .node = 1};

bool same(const NodeStore::Kept& a, const NodeStore::Kept& b);

// Equal seeds draw equal numbers, with every library.
class Draw : public SplitMix {
 public:
  using SplitMix::SplitMix;
  std::string bytes(std::uint64_t size_most);
};

class Model {
 public:
  // How large a value of a cell may be, and the data of an entry.
  explicit Model(std::uint64_t bytes_most = 200) : bytes_most_(bytes_most) {}

  // One that follows on what there is, and what there is then.
  NodeStore::Batch next(Draw& draw);
  const NodeStore::Kept& kept() const { return kept_; }

 private:
  raft::Index last() const { return kept_.start.index + kept_.entries.size(); }
  raft::Term term_at(raft::Index index) const;
  void change_cells(Draw& draw);
  void draw_install(Draw& draw, NodeStore::Batch& batch);
  void draw_entries(Draw& draw, NodeStore::Batch& batch);
  void draw_state(Draw& draw, NodeStore::Batch& batch);
  void draw_compact(Draw& draw, NodeStore::Batch& batch);

  std::uint64_t bytes_most_;
  NodeStore::Kept kept_;
  Cells cells_;
};

}  // namespace plaza::test
