// Named switches that put a known bug back into the service, so that a test tool can be measured by what it finds.
//
// Every switch sits inside the code path that it breaks. All are off by default, and off they change nothing.
#pragma once

namespace plaza {

struct Bugs {
  // Check, then act, with an await in between. "Buy now" looks at which ticket is free, waits for the payment, and
  // sells the ticket that it saw without having taken it. Two buyers whose payments overlap are sold the same ticket.
  // The correct code holds the ticket in the same turn as the look, so that nobody else can see it as free.
  bool oversell = false;
};

}  // namespace plaza
