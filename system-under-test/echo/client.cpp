// echo-client HOST PORT COUNT: asks COUNT questions, and fails if an answer is wrong.
#include <iostream>

#include "client.hpp"

boost::asio::awaitable<void> talk(std::string host, std::string port, int count, int& status) {
  echo::Client client(co_await boost::asio::this_coro::executor);
  co_await client.connect(host, port);
  int answered = 0;
  for (int i = 1; i <= count; ++i) {
    const std::string question = "question " + std::to_string(i);
    const std::optional<std::string> answer = co_await client.ask(question);
    if (answer) ++answered;
    if (answer && *answer != question) {
      std::cerr << "asked '" << question << "', was told '" << *answer << "'\n";
      status = 1;
    }
  }
  std::cout << answered << " of " << count << " questions were answered\n";
}

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: echo-client HOST PORT COUNT\n";
    return 2;
  }
  int status = 0;
  boost::asio::io_context context;
  boost::asio::co_spawn(context, talk(argv[1], argv[2], std::stoi(argv[3]), status), [](std::exception_ptr failed) {
    if (failed) std::rethrow_exception(failed);
  });
  context.run();
  return status;
}
