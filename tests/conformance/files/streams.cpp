// std::fstream, as programs in C++ read and write files.
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

std::string state(const std::ios& stream) {
  return std::string(stream.good() ? "good" : "") + (stream.eof() ? "eof" : "") + (stream.fail() ? " fail" : "") +
         (stream.bad() ? " bad" : "");
}

void written_and_read(World& w) {
  std::ofstream out("a");
  out << "one " << 2 << "\nthree\n";
  w.notes("written", {state(out), size("a")});
  out.flush();
  w.note("flushed", contents("a"));
  out.close();
  std::ifstream in("a");
  std::string line;
  std::getline(in, line);
  w.notes("a line", {line, state(in)});
  std::getline(in, line);
  w.notes("another", {line, state(in)});
  std::getline(in, line);
  w.note("the end", state(in));
}

void modes(World& w) {
  w.note("what is not there", state(std::ifstream("a")));
  w.notes("in and out makes nothing", {state(std::fstream("a")), names()});
  w.notes("out does", {state(std::ofstream("a")), names()});
  put("a", "text");
  std::ofstream("a", std::ios::app) << " more";
  w.note("app", contents("a"));
  std::fstream("a", std::ios::in | std::ios::out) << "TE";
  w.note("in and out", contents("a"));
  std::ofstream("a", std::ios::in | std::ios::ate) << "!";
  w.note("ate", contents("a"));
  std::ofstream("a") << "x";
  w.note("trunc", contents("a"));
  mkdir("d", 0755);
  w.notes("a directory", {state(std::ofstream("d")), state(std::ofstream("no/a"))});
  w.notes("no permission", {result(chmod("a", 0)), state(std::ifstream("a")), state(std::ofstream("a"))});
}

void places(World& w) {
  std::fstream file("a", std::ios::in | std::ios::out | std::ios::trunc | std::ios::binary);
  file << "0123456789";
  w.note("tellp", std::to_string(file.tellp()));
  file.seekg(3);
  std::string word(4, '?');
  file.read(word.data(), 4);
  w.notes("read", {word, std::to_string(file.gcount()), std::to_string(file.tellg())});
  file.seekp(-2, std::ios::end);
  file << "XY!";
  file.flush();
  w.note("written", contents("a"));
  file.seekg(0);
  file.read(word.data(), 4);
  w.notes("from the beginning", {word, state(file)});
  file.seekg(-100, std::ios::cur);
  w.note("before it", state(file));
}

void whole_files(World& w) {
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += static_cast<char>(i * 7 % 256);
  std::ofstream("a", std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  w.note("size", size("a"));
  std::ifstream in("a", std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  w.note("the same", all == bytes);
  std::ostringstream text;
  text << std::ifstream("a", std::ios::binary).rdbuf();
  w.note("by its buffer", text.str() == bytes);
  std::ifstream end("a", std::ios::ate | std::ios::binary);
  w.note("its size", std::to_string(end.tellg()));
}

void parsed(World& w) {
  put("a", "12 3.5 word\n-7 rest of it");
  std::ifstream in("a");
  int number = 0;
  double real = 0;
  std::string word;
  in >> number >> real >> word;
  w.notes("read", {std::to_string(number), std::to_string(real), word});
  in >> number >> word;
  w.notes("read on", {std::to_string(number), word, state(in)});
  in >> number;
  w.note("no number", state(in));
}

constexpr Case kCases[] = {
    {"written and read", written_and_read}, {"modes", modes},   {"places", places},
    {"whole files", whole_files},           {"parsed", parsed},
};
const Suite suite("files/streams", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
