#include "system-under-test/plaza/domain/domain.hpp"

namespace plaza {

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::bad_request:
      return "bad_request";
    case Refusal::id_reused:
      return "id_reused";
    case Refusal::unknown_event:
      return "unknown_event";
    case Refusal::event_exists:
      return "event_exists";
    case Refusal::sold_out:
      return "sold_out";
    case Refusal::seat_taken:
      return "seat_taken";
    case Refusal::no_such_seat:
      return "no_such_seat";
    case Refusal::too_many:
      return "too_many";
    case Refusal::not_held:
      return "not_held";
    case Refusal::payment_pending:
      return "payment_pending";
    case Refusal::payment_refused:
      return "payment_refused";
    case Refusal::already_waiting:
      return "already_waiting";
    case Refusal::not_waiting:
      return "not_waiting";
  }
  return "unknown";
}

}  // namespace plaza
