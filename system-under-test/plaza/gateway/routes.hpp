// What a gateway answers to HTTP requests: paths, and who may open a session. Knows no connections.
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <variant>

#include "system-under-test/plaza/gateway/gateway.hpp"
#include "system-under-test/plaza/gateway/session.hpp"

namespace plaza {

using HttpRequest = boost::beast::http::request<boost::beast::http::empty_body>;
using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;

// An error of HTTP as docs/plaza-protocol.md lists them, with a body of JSON.
HttpResponse http_error(boost::beast::http::status status, std::string_view error);
// What came is not what a client may send; the connection ends with this.
HttpResponse bad_request();

// Either an answer, or the identity with which a session is to be opened over this connection.
std::variant<HttpResponse, Session::Identity> route(const Gateway& gateway, const HttpRequest& request);

}  // namespace plaza
