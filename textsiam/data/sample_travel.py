"""Sample questions about travelling: flights, trains, hotels, cards abroad."""

from __future__ import annotations

from textsiam.data.sample_topics import Intent, Topic

FLIGHTS = Topic(
    name="flights",
    slots={"origin": "city", "destination": "city"},
    ordered=("origin", "destination"),
    intents=(
        Intent(
            "change_flight_date",
            (
                "How do I change the date of my flight [from {origin}] [to {destination}]?",
                "Can I get my {origin} to {destination} flight moved to another day?",
                "I need to fly [from {origin}] [to {destination}] on a different day than I booked. What do I do?",
                "My plans have changed. How can I rebook my flight [to {destination}] [from {origin}] for another day?",
                "Can I switch to a different day? I have a plane ticket [from {origin}] [to {destination}].",
                "I booked the wrong date for {origin} to {destination}, how can I change it?",
                "Rescheduling a flight [from {origin}] [to {destination}], how does that work?",
            ),
        ),
        Intent(
            "flight_baggage",
            (
                "How many bags can I take on the flight [from {origin}] [to {destination}]?",
                "What is the luggage allowance for flights [from {origin}] [to {destination}]?",
                "I'm flying [to {destination}] [from {origin}]. How much luggage is included?",
                "Could you tell me the baggage limit on the {origin} to {destination} flight?",
                "How much am I allowed to pack when I fly [from {origin}] [to {destination}]?",
                "Baggage rules for {origin} to {destination}: how much may I bring on the plane?",
            ),
        ),
        Intent(
            "flight_refund",
            (
                "Can I get a refund if I cancel my flight [from {origin}] [to {destination}]?",
                "I can't travel any more. Is my {origin} to {destination} plane ticket refundable?",
                "I booked a flight [to {destination}] [from {origin}] but have to cancel. Do I get my money back?",
                "If I cancel the {origin} to {destination} flight, do you pay back the fare?",
                "Cancelling a flight [from {origin}] [to {destination}]: will I be refunded?",
                "I won't be able to fly [from {origin}] [to {destination}] after all, so can I have my money back?",
            ),
        ),
        Intent(
            "flight_nonstop",
            (
                "Is there a direct flight [from {origin}] [to {destination}]?",
                "Can I fly [from {origin}] [to {destination}] without a stopover?",
                "I want to get [to {destination}] [from {origin}] without changing planes. Is that possible?",
                "Do you have any nonstop {origin} to {destination} flights?",
                "Is it possible to fly straight [from {origin}] [to {destination}]?",
                "Looking for a flight [from {origin}] [to {destination}] with no stops, is there one?",
            ),
        ),
        Intent(
            "flight_with_stop",
            (
                "Is there a flight [from {origin}] [to {destination}] with a stopover?",
                "Can I break the journey somewhere when I fly [from {origin}] [to {destination}]?",
                "I want to fly [to {destination}] [from {origin}] and stop off on the way. Is that possible?",
                "Do you have any {origin} to {destination} flights that are not direct?",
                "I don't want to fly straight [from {origin}] [to {destination}]. Can I book one with a stop?",
                "Looking for a flight [from {origin}] [to {destination}] with a stop in between, is there one?",
            ),
            opposite="flight_nonstop",
        ),
    ),
)

TRAINS = Topic(
    name="trains",
    slots={"origin": "town", "destination": "town"},
    ordered=("origin", "destination"),
    intents=(
        Intent(
            "last_train",
            (
                "When does the last train [from {origin}] [to {destination}] leave?",
                "What time is the last {origin} to {destination} train?",
                "How late can I still get a train [from {origin}] [to {destination}]?",
                "I'll be out late. When is the last train I can take [to {destination}] [from {origin}]?",
                "Until what time do trains run [from {origin}] [to {destination}] in the evening?",
                "Last train of the day, {origin} to {destination}, what time does it go?",
            ),
        ),
        Intent(
            "train_bike",
            (
                "Can I take my bike on the train [from {origin}] [to {destination}]?",
                "Are bicycles allowed on {origin} to {destination} trains?",
                "I'd like to bring my bike when I take the train [to {destination}] [from {origin}]. Is that OK?",
                "Is there room for a bike on trains [from {origin}] [to {destination}]?",
                "Taking a bicycle by train [from {origin}] [to {destination}], is it permitted?",
                "Do you carry bikes on the {origin} to {destination} line?",
            ),
        ),
        Intent(
            "train_late_claim",
            (
                "My train [from {origin}] [to {destination}] was late. How do I claim compensation?",
                "How can I get money back for a delayed train [from {origin}] [to {destination}]?",
                "The {origin} to {destination} train was delayed by over an hour, where do I ask for compensation?",
                "I got in late on the train [to {destination}] [from {origin}] and would like to make a claim. How?",
                "Where do I find the delay claim form for trains [from {origin}] [to {destination}]?",
                "Who pays me back for the delay on the {origin} to {destination} train, and how do I apply?",
            ),
        ),
        Intent(
            "train_must_reserve",
            (
                "Do I have to reserve a seat on the train [from {origin}] [to {destination}]?",
                "Is a seat reservation compulsory on {origin} to {destination} trains?",
                "Must I book a seat when I go [to {destination}] [from {origin}] by train?",
                "I'm taking the train [from {origin}] [to {destination}]. Are seat reservations required?",
                "Am I obliged to have a reserved seat on the {origin} to {destination} train?",
                "Is it mandatory to reserve a seat for the train journey [from {origin}] [to {destination}]?",
            ),
        ),
        Intent(
            "train_no_reservation",
            (
                "Why do I not have to reserve a seat on the train [from {origin}] [to {destination}]?",
                "Why is a seat reservation not compulsory on {origin} to {destination} trains?",
                "I went [to {destination}] [from {origin}] by train. Why was there no need to reserve a seat?",
                "How come seat reservations are not required on trains [from {origin}] [to {destination}]?",
                "What is the reason that nobody needs a reserved seat on the {origin} to {destination} train?",
                "Trains [from {origin}] [to {destination}] don't require me to book a seat, why not?",
            ),
            opposite="train_must_reserve",
        ),
    ),
)

HOTELS = Topic(
    name="hotels",
    slots={"city": "city", "month": "month"},
    intents=(
        Intent(
            "hotel_with_breakfast",
            (
                "Can I book a room with breakfast in {city} in {month}?",
                "I'd like breakfast included at the {city} hotel for my stay in {month}. How do I book that?",
                "Do you have rooms in {city} in {month} where breakfast is part of the price?",
                "We're coming to {city} in {month}, is there a rate that includes breakfast?",
                "How do I book a hotel room plus breakfast in {city} for {month}?",
                "Looking for a bed and breakfast rate in {city} for {month}, please.",
            ),
        ),
        Intent(
            "hotel_without_breakfast",
            (
                "Can I book a room without breakfast in {city} in {month}?",
                "I don't want breakfast at the {city} hotel for my stay in {month}. How do I book that?",
                "Do you have rooms in {city} in {month} where breakfast is not part of the price?",
                "We're coming to {city} in {month}, is there a room-only rate?",
                "How do I book just a hotel room and no breakfast in {city} for {month}?",
                "Looking for a room with no breakfast in {city} for {month}, please.",
            ),
            opposite="hotel_with_breakfast",
        ),
        Intent(
            "hotel_cancel",
            (
                "How do I cancel my hotel booking in {city} for {month}?",
                "I have to call off my stay in {city} in {month}. What do I need to do?",
                "We can't make it to {city} in {month}. Where can I cancel the room?",
                "Please help me cancel a room in {city} that I reserved for {month}.",
                "Is there a way to cancel my {month} reservation at the {city} hotel online?",
                "Cancelling my {city} hotel room booked for {month}, how does it work?",
            ),
        ),
        Intent(
            "hotel_late_arrival",
            (
                "Can I check in after midnight at the {city} hotel in {month}?",
                "We arrive in {city} very late at night in {month}. Will somebody be at the desk to let us in?",
                "Is late check-in possible in {city}? I have a booking for {month}.",
                "My flight to {city} lands at midnight on my {month} trip, can I still get into my room?",
                "How do I get my key if I turn up at the {city} hotel in the middle of the night in {month}?",
                "I booked a room in {city} for {month} and will get there past midnight. Is that a problem?",
            ),
        ),
    ),
)

CARDS_ABROAD = Topic(
    name="cards_abroad",
    slots={"card": "card", "country": "country"},
    intents=(
        Intent(
            "card_abroad_enable",
            (
                "How do I unblock my {card} for payments in {country}?",
                "I want to allow payments in {country} with my {card}. How?",
                "Where can I turn on {card} use in {country}?",
                "Please enable my {card} for {country}, I'm travelling there.",
                "I'm off to {country} and my {card} needs to be switched on for it. Where do I do that?",
                "What's the way to activate {country} for my {card}?",
            ),
        ),
        Intent(
            "card_abroad_disable",
            (
                "How do I block my {card} for payments in {country}?",
                "I don't want to allow payments in {country} with my {card} any more. How do I stop them?",
                "Where can I turn off {card} use in {country}?",
                "Please disable my {card} for {country}, I'm back home.",
                "I've come back from {country} and my {card} should be switched off for it. Where do I do that?",
                "What's the way to deactivate {country} for my {card}?",
            ),
            opposite="card_abroad_enable",
        ),
        Intent(
            "card_abroad_fee",
            (
                "What does it cost to pay with my {card} in {country}?",
                "Are there any fees when I use my {card} in {country}?",
                "I'm going to {country}. How much do you charge for each {card} payment there?",
                "How high are the foreign transaction charges for the {card} in {country}?",
                "Will I be charged extra if I use the {card} in a shop in {country}?",
                "Charges for using my {card} in {country}, how much are they?",
            ),
        ),
        Intent(
            "card_abroad_lost",
            (
                "I lost my {card} in {country}. What should I do?",
                "My {card} is gone and I'm still in {country}, who do I call?",
                "What do I do now that I've lost my {card} in {country}?",
                "My {card} has gone missing in {country}. How do I report it?",
                "How can I report a missing {card} from {country}?",
                "I can't find my {card} any more and I'm in {country}, what's the next step?",
            ),
        ),
    ),
)
