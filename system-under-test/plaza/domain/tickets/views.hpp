// What those who watch see, as JSON.
//
// A user sees holds and offers, what is waited for, and the newest sales, newest first:
//   {"holds":[{"event":"gala","id":"r-1","count":2,"seats":[4,5],"deadline":31000000,"paying":false}],
//    "offers":[…], "waits":[{"event":"gala","id":"r-2","count":2}],
//    "sales":[{"event":"gala","id":"r-3","count":1,"seats":[6]}]}
// `seats` is missing where tickets have no numbers. `deadline` is in µs of the log's time, so it is the same on every
// node; while a hold is paid for, it is that of the payment.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "system-under-test/plaza/domain/tickets/event.hpp"
#include "system-under-test/plaza/domain/tickets/recent_sales.hpp"

namespace plaza::tickets {

using Events = std::map<std::string, Event, std::less<>>;

std::string view_of_event(const Counts& counts);
std::string view_of_user(std::string_view user, const Events& events, const RecentSales& recent);

}  // namespace plaza::tickets
