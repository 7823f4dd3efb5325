#include "tests/plaza/raft/script.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace plaza::raft::test {
namespace {

NodeId id_in(const std::string& word) { return static_cast<NodeId>(std::stoul(word)); }

}  // namespace

std::string Script::run(const std::string& command) {
  out_.clear();
  std::istringstream in(command);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  const bool is_quiet = words.at(0) == "quietly";
  if (is_quiet) words.erase(words.begin());
  run(words);
  return is_quiet ? std::string() : out_;
}

void Script::run(const Words& words) {
  const std::string& name = words.at(0);
  if (name == "add-nodes") {
    add_nodes(words);
  } else if (name == "stabilize") {
    stabilize(words);
  } else if (name == "partition") {
    partition(words);
  } else if (name == "heal") {
    for (auto& [id, side] : sides_) side = 0;
  } else if (name == "status" || (name == "tick" && words.at(1) == "all")) {
    for (const auto& [id, node] : nodes_) {
      if (name == "status") {
        if (words.size() == 1 || words.at(1) == std::to_string(id)) tell_status(id);
      } else {
        act_on_node({"tick", std::to_string(id), words.size() > 2 ? words[2] : "1"});
      }
    }
  } else if (words.size() > 1 && words[1].find("->") != std::string::npos) {
    act_on_link(words);
  } else {
    act_on_node(words);
  }
}

void Script::add_nodes(const Words& words) {
  Config config;
  config.election_ticks = 3;
  const NodeId nodes = id_in(words.at(1));
  for (NodeId id = 1; id <= nodes; ++id) config.configuration.voters.push_back(id);
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string name = words[i].substr(0, words[i].find('='));
    const std::string value = words[i].substr(name.size() + 1);
    if (name == "election-ticks") {
      config.election_ticks = static_cast<unsigned>(std::stoul(value));
    } else if (name == "append-bytes") {
      config.append_bytes_most = std::stoul(value);
    } else if (name == "in-flight") {
      config.appends_in_flight_most = std::stoul(value);
    } else if (name == "uncommitted-bytes") {
      config.uncommitted_bytes_most = std::stoul(value);
    } else if (name != "bug" || !switch_on(config.bugs, value)) {
      throw std::invalid_argument("no such option: " + words[i]);
    }
  }
  for (NodeId id = 1; id <= nodes; ++id) {
    config.id = id;
    // Node 1 times out first, then node 2.
    config.random = [id](std::uint32_t below) { return below > 1000 ? 0 : std::min(id - 1, below - 1); };
    nodes_[id] = std::make_unique<Node>(config);
    sides_[id] = 0;
    node(id).on_taken = [this, id](const Ready& ready) { tell_taken(id, ready); };
    node(id).on_written = [this, id](const Ready& ready) { tell_written(ready, id); };
  }
}

void Script::act_on_node(const Words& words) {
  const std::string& name = words.at(0);
  const NodeId id = id_in(words.at(1));
  Node& node = this->node(id);
  if (name == "campaign") {
    node.core().campaign();
  } else if (name == "tick") {
    const unsigned long times = words.size() > 2 ? std::stoul(words[2]) : 1;
    for (unsigned long i = 0; i < times; ++i) {
      node.core().tick();
      after(id);
    }
  } else if (name == "propose") {
    static constexpr const char* kAnswers[] = {"accepted", "not the leader", "hands over", "too much"};
    for (std::size_t i = 2; i < words.size(); ++i) {
      const Proposed proposed = node.core().propose(words[i]);
      if (proposed != Proposed::accepted) say(words[i] + ": " + kAnswers[static_cast<int>(proposed)]);
    }
  } else if (name == "read") {
    node.core().read_index(std::stoul(words.at(2)));
  } else if (name == "transfer") {
    node.core().transfer(id_in(words.at(2)));
  } else if (name == "unreachable") {
    node.core().unreachable(id_in(words.at(2)));
  } else if (name == "compact") {
    node.compact(std::stoul(words.at(2)));
  } else if (name == "stall") {
    node.set_stalled(true);
  } else if (name == "write") {
    node.write_one();
  } else if (name == "resume") {
    node.set_stalled(false);
    while (node.is_writing()) node.write_one();
  } else if (name == "restart") {
    node.restart();
    tell_role(id);
  } else if (name == "log") {
    tell_log(id);
  } else {
    throw std::invalid_argument("no such command: " + name);
  }
  after(id);
}

void Script::act_on_link(const Words& words) {
  const std::string& name = words.at(0);
  const Link link = {id_in(words[1]), id_in(words[1].substr(words[1].find("->") + 2))};
  if (name == "snapshot") return send_snapshot(link, words.size() > 2);
  std::deque<Packet>& packets = links_[link];
  std::size_t count = words.size() > 2 ? std::stoul(words[2]) : packets.size();
  for (; count > 0 && !packets.empty(); --count) {
    const Packet packet = std::move(packets.front());
    packets.pop_front();
    if (name == "drop") {
      say("lost: " + text(packet.message));
    } else if (name == "deliver") {
      node(link.second).step(packet);
      after(link.second);
    } else {
      throw std::invalid_argument("no such command: " + name);
    }
  }
}

void Script::stabilize(const Words& words) {
  std::set<NodeId> among;
  for (std::size_t i = 1; i < words.size(); ++i) among.insert(id_in(words[i]));
  if (among.empty()) {
    for (const auto& [id, node] : nodes_) among.insert(id);
  }
  for (bool is_quiet = false; !is_quiet;) {
    is_quiet = true;
    for (auto& [link, packets] : links_) {
      if (packets.empty() || !among.contains(link.first) || !among.contains(link.second)) continue;
      is_quiet = false;
      act_on_link({"deliver", std::to_string(link.first) + "->" + std::to_string(link.second)});
    }
  }
}

void Script::partition(const Words& words) {
  int side = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "|") {
      ++side;
    } else {
      sides_.at(id_in(words[i])) = side;
    }
  }
  for (auto& [link, packets] : links_) {
    if (is_cut(link)) packets.clear();
  }
}

void Script::send_snapshot(Link link, bool is_lost) {
  Node& sender = node(link.first);
  const Mark mark = {.index = sender.applied(), .term = *sender.core().term_of(sender.applied())};
  if (!is_lost) {
    Message message;
    message.kind = Message::Kind::snapshot;
    message.from = link.first;
    message.to = link.second;
    message.term = sender.status().term;
    message.index = mark.index;
    message.log_term = mark.term;
    say("  " + text(message));
    links_[link].push_back({.message = message, .chain = sender.applied_chain()});
  }
  sender.core().snapshot_sent(link.second, is_lost ? std::nullopt : std::optional(mark));
  after(link.first);
}

void Script::after(NodeId id) {
  node(id).turn();
  tell_role(id);
  for (Packet& packet : std::exchange(node(id).sent, {})) {
    const Link link = {packet.message.from, packet.message.to};
    if (is_cut(link)) continue;
    links_[link].push_back(std::move(packet));
  }
}

std::string replayed(const std::string& file) {
  Script script;
  std::istringstream in(file);
  std::string out;
  std::string answers;
  bool is_answer = false;  // what follows is what the file says the nodes did
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) is_answer = false;
    if (is_answer) continue;
    out += line + "\n";
    if (line == "----") {
      out += std::exchange(answers, {});
      is_answer = true;
    } else if (!line.empty() && line.front() != '#') {
      answers += script.run(line);
    }
  }
  return out;
}

}  // namespace plaza::raft::test
