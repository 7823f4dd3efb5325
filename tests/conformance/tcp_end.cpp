// How connections end.
#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

void half_close_by_user(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "request");
  w.note("shutdown", w.shutdown(user, SHUT_WR));
  w.settle();
  w.note("user", w.ready(user));
  w.note("server", w.ready(server));
  w.note("request", w.receive(server));
  w.note("its end", w.receive(server));
  w.note("its end again", w.receive(server));
  w.note("answer", w.send(server, "answer"));
  w.settle();
  w.note("user has it", w.receive(user));
  w.note("and waits", w.receive(user));
  w.note("send", w.send(user, "x"));
}

void half_close_by_server(World& w) {
  const auto [user, server] = w.connected();
  w.send(server, "greeting");
  w.note("shutdown", w.shutdown(server, SHUT_WR));
  w.note("shutdown again", w.shutdown(server, SHUT_WR));
  w.settle();
  w.note("ready", w.ready(user));
  w.note("greeting", w.receive(user));
  w.note("its end", w.receive(user));
  w.note("thanks", w.send(user, "thanks"));
  w.settle();
  w.note("server has it", w.receive(server));
}

void both_half_close(World& w) {
  const auto [user, server] = w.connected();
  w.shutdown(user, SHUT_WR);
  w.settle();
  w.note("server before", w.ready(server));
  w.shutdown(server, SHUT_WR);
  w.settle();
  w.note("user", w.ready(user));
  w.note("server", w.ready(server));
  w.note("user receives", w.receive(user));
  w.note("server receives", w.receive(server));
  w.note("user sends", w.send(user, "x"));
  w.note("server sends", w.send(server, "x"));
  w.note("user's error", w.pending_error(user));
}

void over_for_both(World& w) {
  const auto [user, server] = w.connected();
  w.shutdown(user, SHUT_WR);
  w.settle();
  w.shutdown(server, SHUT_WR);
  w.settle();
  w.note("user's peer", w.remote(user));
  w.note("server's peer", w.remote(server));
  w.note("user shuts down", w.shutdown(user, SHUT_RDWR));
  w.note("server shuts down", w.shutdown(server, SHUT_RDWR));
}

void close_in_order(World& w) {
  const auto [user, server] = w.connected();
  w.send(server, "bye");
  w.close(server);
  w.settle();
  w.note("ready", w.ready(user));
  w.note("receive", w.receive(user));
  w.note("its end", w.receive(user));
  w.note("again", w.receive(user));
  w.note("ready after", w.ready(user));
}

void writing_to_a_closed_end(World& w) {
  const auto [user, server] = w.connected();
  w.close(server);
  w.settle();
  w.note("the first is taken", w.send(user, "x"));
  w.settle();
  w.note("ready", w.ready(user));
  w.note("the second fails", w.send(user, "x"));
  w.note("the third fails", w.send(user, "x"));
  w.note("receive", w.receive(user));
  w.note("error", w.pending_error(user));
}

void reading_after_writing_to_a_closed_end(World& w) {
  const auto [user, server] = w.connected();
  w.close(server);
  w.settle();
  w.send(user, "x");
  w.settle();
  w.note("receive", w.receive(user));
  w.note("error", w.pending_error(user));
  w.note("error again", w.pending_error(user));
  w.note("send", w.send(user, "x"));
}

void reset_by_unread_data(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "never read");
  w.settle();
  w.close(server);
  w.settle();
  w.note("ready", w.ready(user));
  w.note("remote", w.remote(user));
  w.note("receive", w.receive(user));
  w.note("ready after", w.ready(user));
  w.note("receive again", w.receive(user));
  w.note("send", w.send(user, "x"));
}

void reset_learnt_by_writing(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "never read");
  w.settle();
  w.close(server);
  w.settle();
  w.note("send", w.send(user, "x"));
  w.note("send again", w.send(user, "x"));
  w.note("receive", w.receive(user));
}

void reset_learnt_by_asking(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "never read");
  w.settle();
  w.close(server);
  w.settle();
  w.note("error", w.pending_error(user));
  w.note("ready", w.ready(user));
  w.note("receive", w.receive(user));
  w.note("send", w.send(user, "x"));
  w.note("shutdown", w.shutdown(user, SHUT_RDWR));
}

void reset_after_data(World& w) {
  const auto [user, server] = w.connected();
  w.send(server, "last words");
  w.send(user, "never read");
  w.settle();
  w.close(server);
  w.settle();
  w.note("unread", w.unread(user));
  w.note("receive", w.receive(user));
  w.note("receive again", w.receive(user));
  w.note("and again", w.receive(user));
}

void reset_after_half_close(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "never read");
  w.shutdown(user, SHUT_WR);
  w.settle();
  w.close(server);
  w.settle();
  w.note("ready", w.ready(user));
  w.note("receive", w.receive(user));
  w.note("receive again", w.receive(user));
}

void reset_after_end_of_stream(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "never read");
  w.settle();
  w.shutdown(server, SHUT_WR);
  w.settle();
  w.close(server);
  w.settle();
  w.note("ready", w.ready(user));
  w.note("receive", w.receive(user));
  w.note("send", w.send(user, "x"));
}

void shut_for_reading(World& w) {
  const auto [user, server] = w.connected();
  w.note("shutdown", w.shutdown(user, SHUT_RD));
  w.note("ready", w.ready(user));
  w.note("receive", w.receive(user));
  w.note("the other can send", w.send(server, "hello"));
  w.settle();
  w.note("and it can be read", w.receive(user));
  w.note("receive again", w.receive(user));
  w.note("send", w.send(user, "x"));
  w.settle();
  w.note("server receives", w.receive(server));
}

void shut_both_ways(World& w) {
  const auto [user, server] = w.connected();
  w.note("shutdown", w.shutdown(user, SHUT_RDWR));
  w.settle();
  w.note("user", w.ready(user));
  w.note("server", w.ready(server));
  w.note("user receives", w.receive(user));
  w.note("user sends", w.send(user, "x"));
  w.note("server receives", w.receive(server));
  w.note("server sends", w.send(server, "x"));
  w.settle();
  w.note("server after", w.ready(server));
  w.note("user after", w.ready(user));
  w.note("server's error", w.pending_error(server));
  w.note("user's error", w.pending_error(user));
}

void closed_with_unread_data_when_over(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "never read");
  w.shutdown(user, SHUT_WR);
  w.settle();
  w.shutdown(server, SHUT_WR);
  w.settle();
  w.close(server);
  w.settle();
  w.note("user", w.ready(user));
  w.note("user receives", w.receive(user));
  w.note("user's error", w.pending_error(user));
}

void wrong_shutdown(World& w) {
  const auto [user, server] = w.connected();
  w.note("unknown way", w.shutdown(user, 7));
  w.note("negative way", w.shutdown(user, -1));
  w.note("nothing happened", w.ready(user));
}

constexpr Case kCases[] = {{"half-close by the user", half_close_by_user},
                           {"half-close by the server", half_close_by_server},
                           {"half-close by both", both_half_close},
                           {"a connection that is over for both", over_for_both},
                           {"close in order", close_in_order},
                           {"writing to a closed end", writing_to_a_closed_end},
                           {"reading after writing to a closed end", reading_after_writing_to_a_closed_end},
                           {"reset by unread data", reset_by_unread_data},
                           {"reset, learnt by writing", reset_learnt_by_writing},
                           {"reset, learnt by asking", reset_learnt_by_asking},
                           {"reset after data", reset_after_data},
                           {"reset after a half-close", reset_after_half_close},
                           {"reset after the end of the stream", reset_after_end_of_stream},
                           {"shut for reading", shut_for_reading},
                           {"shut both ways", shut_both_ways},
                           {"closed with unread data when all is over", closed_with_unread_data_when_over},
                           {"the wrong way to shut down", wrong_shutdown}};

const Suite kSuite("tcp_end", kCases);

}  // namespace

}  // namespace stillpoint::test
