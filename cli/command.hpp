#pragma once
// What every subcommand is: something that adds itself to the command line, and runs. One file per subcommand;
// docs/cli.md tells users.
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace stillpoint::cli {

// The arguments after the subcommand's name, for commands whose options depend on what they are asked to run.
using Arguments = std::vector<std::string>;

// Each returns the process's exit code, and throws Error for bad input.
int list(const Arguments& arguments);
int run(const Arguments& arguments);
int fuzz(const Arguments& arguments);
int replay(const Arguments& arguments);
int bench(const Arguments& arguments);
int solo(const Arguments& arguments);
int view(const Arguments& arguments);
int plan(const Arguments& arguments);
int disk(const Arguments& arguments);

// Parses the arguments of one subcommand. Throws Error, with the nearest option's name for an unknown one. Returns
// false if help was asked for, and printed.
bool parse(CLI::App& app, const Arguments& arguments);

// The whole command line. Returns the process's exit code. Call supervise::serve_if_zygote() before.
int main(int argc, char** argv);

}  // namespace stillpoint::cli
