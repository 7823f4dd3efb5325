#include "system-under-test/plaza/gateway/routes.hpp"

#include <algorithm>
#include <boost/beast/websocket/rfc6455.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "system-under-test/plaza/json_writer.hpp"

namespace plaza {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

// Longer than any session lasts, and far from where times overflow.
constexpr std::int64_t kSecondsMost = 60L * 60 * 24 * 365;

struct Target {
  std::string_view path;
  std::string_view query;
};

std::string_view view_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

Target target_of(const HttpRequest& request) {
  const std::string_view target = view_of(request.target());
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {.path = target, .query = {}};
  return {.path = target.substr(0, mark), .query = target.substr(mark + 1)};
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// RFC 3986 §2.1. What is no such escape stays as it is.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
    if (!low) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    return equals == std::string_view::npos ? std::string() : percent_decoded(pair.substr(equals + 1));
  }
  return std::nullopt;
}

std::optional<std::string> token_of(const HttpRequest& request, const Target& target) {
  const std::string_view header = view_of(request[http::field::authorization]);
  constexpr std::string_view kScheme = "Bearer ";
  if (boost::beast::iequals(header.substr(0, kScheme.size()), kScheme)) {
    return std::string(header.substr(kScheme.size()));
  }
  return parameter(target.query, "token");
}

HttpResponse text_response(http::status status, std::string_view type, std::string body) {
  HttpResponse response(status, 11);
  response.set(http::field::content_type, boost::beast::string_view(type.data(), type.size()));
  response.set(http::field::cache_control, "no-store");
  response.body() = std::move(body);
  return response;
}

HttpResponse health(const Gateway& gateway) {
  if (gateway.is_draining) return http_error(http::status::service_unavailable, "draining");
  if (gateway.replica->is_ready()) return text_response(http::status::ok, "text/plain", "ok");
  const raft::Status status = gateway.replica->view().raft;
  JsonWriter why;
  why.text("error", "not_ready").text("role", raft::name_of(status.role)).number("leader", status.leader);
  return text_response(http::status::service_unavailable, "application/json", why.take());
}

HttpResponse not_signed(TokenError error) {
  HttpResponse response = http_error(http::status::unauthorized, to_string(error));
  response.set(http::field::www_authenticate, "Bearer");
  return response;
}

// What the cluster itself asks for, as that an event shall be there, is asked for under such names.
constexpr std::string_view kReservedUsers = "plaza.";

std::variant<HttpResponse, Session::Identity> identify(const Gateway& gateway, const HttpRequest& request,
                                                       const Target& target) {
  if (!gateway.config.token_key) {
    const std::string user = parameter(target.query, "user").value_or("");
    if (user.empty() || user.size() > kNameBytesMost) return not_signed(TokenError::bad_token);
    if (user.starts_with(kReservedUsers)) return not_signed(TokenError::bad_token);
    return Session::Identity{.user = user, .until = std::nullopt};
  }
  const auto token = token_of(request, target);
  if (!token) return not_signed(TokenError::bad_token);
  // A token says until when by the wall clock; how long that is from now on is counted by the steady one.
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
  auto checked = check_token(*token, *gateway.config.token_key, now);
  if (const auto* error = std::get_if<TokenError>(&checked)) return not_signed(*error);
  auto& claims = std::get<TokenClaims>(checked);
  if (claims.user.starts_with(kReservedUsers)) return not_signed(TokenError::bad_token);
  const std::chrono::seconds left(std::min(claims.expires_unix - now, kSecondsMost));
  return Session::Identity{.user = std::move(claims.user), .until = SteadyClock::now() + left};
}

// RFC 6455 §4.2.1: 16 bytes in base64.
bool is_websocket_key(std::string_view key) {
  constexpr std::string_view kPadding = "==";
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return key.size() == 24 && key.find_first_not_of(kDigits) == 22 && key.substr(22) == kPadding;
}

// RFC 9112 §3.2: with HTTP/1.1, once. Who speaks HTTP/1.0, as simple health checks do, need not send it.
bool has_proper_host(const HttpRequest& request) {
  const std::size_t hosts = request.count(http::field::host);
  return hosts == 1 || (hosts == 0 && request.version() < 11);
}

std::variant<HttpResponse, Session::Identity> open_session(const Gateway& gateway, const HttpRequest& request,
                                                           const Target& target) {
  if (gateway.is_draining) return http_error(http::status::service_unavailable, "draining");
  if (!websocket::is_upgrade(request) || request[http::field::sec_websocket_version] != "13") {
    HttpResponse response = http_error(http::status::upgrade_required, "upgrade_required");
    response.set(http::field::upgrade, "websocket");
    response.set(http::field::sec_websocket_version, "13");
    return response;
  }
  if (!is_websocket_key(view_of(request[http::field::sec_websocket_key]))) return bad_request();
  if (gateway.sessions.size() >= gateway.config.sessions_most) {
    return http_error(http::status::service_unavailable, "too_many_connections");
  }
  return identify(gateway, request, target);
}

bool is_version(std::string_view path) {
  if (!path.starts_with("/v") || path.size() < 3) return false;
  return path.find_first_not_of("0123456789", 2) == std::string_view::npos;
}

}  // namespace

HttpResponse http_error(http::status status, std::string_view error) {
  return text_response(status, "application/json", JsonWriter().text("error", error).take());
}

HttpResponse bad_request() {
  HttpResponse response = http_error(http::status::bad_request, "bad_request");
  response.keep_alive(false);
  return response;
}

std::variant<HttpResponse, Session::Identity> route(const Gateway& gateway, const HttpRequest& request) {
  if (!has_proper_host(request)) return bad_request();
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    HttpResponse response = http_error(http::status::method_not_allowed, "wrong_method");
    response.set(http::field::allow, "GET, HEAD");
    response.keep_alive(false);
    return response;
  }
  const Target target = target_of(request);
  if (target.path == kProtocolPath) return open_session(gateway, request, target);
  if (target.path == "/healthz") return health(gateway);
  if (target.path == "/metrics") {
    return text_response(http::status::ok, "text/plain; version=0.0.4",
                         gateway.metrics.text(gateway.view(0), gateway.replica->view()));
  }
  if (target.path == "/debug/state") {
    return text_response(http::status::ok, "application/json",
                         debug_state(gateway.view(kSessionsShown), gateway.replica->view()));
  }
  return http_error(http::status::not_found, is_version(target.path) ? "unknown_version" : "unknown_path");
}

}  // namespace plaza
