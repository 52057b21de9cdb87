"""Sample questions about things bought and sent: parcels, returns, deliveries."""

from __future__ import annotations

from textsiam.data.sample_topics import Intent, Topic

PARCELS = Topic(
    name="parcels",
    slots={"product": "product", "origin": "town", "destination": "town"},
    ordered=("origin", "destination"),
    intents=(
        Intent(
            "parcel_price",
            (
                "How much is it to send a parcel with my {product} [from {origin}] [to {destination}]?",
                "What do you charge for shipping my {product} [from {origin}] [to {destination}]?",
                "I want my {product} sent [to {destination}] [from {origin}]. What will it cost?",
                "What's the price for posting my {product} [from {origin}] [to {destination}]?",
                "My {product} is in {origin} and needs to go to {destination}, how much would you want for that?",
                "Cost of sending my {product} [from {origin}] [to {destination}], please?",
            ),
        ),
        Intent(
            "parcel_time",
            (
                "How long does it take to ship my {product} [from {origin}] [to {destination}]?",
                "How many days will my {product} be on its way [from {origin}] [to {destination}]?",
                "I'm sending my {product} [to {destination}] [from {origin}]. When will it get there?",
                "If I post my {product} in {origin} today, when does it arrive in {destination}?",
                "How fast can you get my {product} [from {origin}] [to {destination}]?",
                "Delivery time for my {product} [from {origin}] [to {destination}], please?",
            ),
        ),
        Intent(
            "parcel_insured",
            (
                "How do I send my {product} [from {origin}] [to {destination}] with insurance?",
                "I'd like to insure my {product} on the way [from {origin}] [to {destination}]. How?",
                "Can I have my {product} shipped [to {destination}] [from {origin}] as an insured parcel?",
                "My {product} goes [from {origin}] [to {destination}] by post, how do I add damage cover?",
                "What do I tick to get my {product} insured when it travels [from {origin}] [to {destination}]?",
                "I'm posting my {product} in {origin} to go to {destination}. I want insurance, where do I add it?",
            ),
        ),
        Intent(
            "parcel_uninsured",
            (
                "How do I send my {product} [from {origin}] [to {destination}] without insurance?",
                "I'd rather not insure my {product} on the way [from {origin}] [to {destination}]. How?",
                "Can I have my {product} shipped [to {destination}] [from {origin}] as an uninsured parcel?",
                "My {product} goes [from {origin}] [to {destination}] by post, how do I leave out damage cover?",
                "What do I tick to not get my {product} insured when it travels [from {origin}] [to {destination}]?",
                "I'm posting my {product} in {origin} to go to {destination}. I want no insurance, where do I drop it?",
            ),
            opposite="parcel_insured",
        ),
    ),
)

RETURNS = Topic(
    name="returns",
    slots={"product": "product", "month": "month"},
    intents=(
        Intent(
            "return_with_receipt",
            (
                "How do I return my {product} from {month}? I have the receipt.",
                "I bought the {product} in {month} and kept the receipt. Can I bring it back?",
                "Can I take back the {product} I got in {month} if I show the receipt?",
                "With the receipt in hand, how do I send back my {product} bought in {month}?",
                "I'd like to return my {product} from {month} and still have the receipt, what are the steps?",
                "Is a return OK with a receipt? It's about my {product}, bought in {month}.",
            ),
        ),
        Intent(
            "return_without_receipt",
            (
                "How do I return my {product} from {month}? I don't have the receipt.",
                "I bought the {product} in {month} and lost the receipt. Can I bring it back?",
                "Can I take back the {product} I got in {month} if I can't show the receipt?",
                "Without the receipt, how do I send back my {product} bought in {month}?",
                "I'd like to return my {product} from {month} and no longer have the receipt, what are the steps?",
                "Is a return OK without a receipt? It's about my {product}, bought in {month}.",
            ),
            opposite="return_with_receipt",
        ),
        Intent(
            "warranty_repair",
            (
                "My {product} from {month} is broken. Can I have it repaired under warranty?",
                "Does the warranty cover the repair of the {product} I bought in {month}?",
                "The {product} I ordered in {month} stopped working. Will you fix it for free?",
                "How do I get my {product} repaired? I bought it in {month}, so it's under warranty.",
                "I've had the {product} since {month} and it broke, where do I send it for a warranty repair?",
                "Warranty repair for my {product} bought in {month}, how does that work?",
            ),
        ),
        Intent(
            "refund_missing",
            (
                "I returned my {product} in {month} and still have no refund. Where is it?",
                "Where is the money for the {product} that I sent back in {month}?",
                "You got my {product} back in {month}. Why haven't you refunded me yet?",
                "I'm still waiting for the refund on the {product} I returned in {month}, what's going on?",
                "The {product} went back to you in {month} but I have no refund so far. When do I get it?",
                "When will I be refunded? I sent the {product} back in {month}.",
            ),
        ),
    ),
)

DELIVERY = Topic(
    name="delivery",
    slots={"product": "product", "weekday": "weekday"},
    intents=(
        Intent(
            "leave_with_neighbour",
            (
                "Can you leave my {product} with a neighbour on {weekday}?",
                "I'm out on {weekday}. Please give the {product} to my neighbour, how do I arrange that?",
                "My {product} comes on {weekday}. Can the driver hand it to the people next door?",
                "How do I allow my {product} to be left next door on {weekday}?",
                "Is it fine if a neighbour takes in my {product} on {weekday}?",
                "Nobody is in on {weekday}, could the {product} be dropped off next door?",
            ),
        ),
        Intent(
            "not_with_neighbour",
            (
                "Can you please not leave my {product} with a neighbour on {weekday}?",
                "I'm out on {weekday}. Please don't give the {product} to my neighbour, how do I arrange that?",
                "My {product} comes on {weekday}. Can I stop the driver handing it to the people next door?",
                "How do I forbid my {product} to be left next door on {weekday}?",
                "I don't want a neighbour to take in my {product} on {weekday}. Is that possible?",
                "Nobody is in on {weekday}, could you keep the {product} rather than drop it off next door?",
            ),
            opposite="leave_with_neighbour",
        ),
        Intent(
            "delivery_missing",
            (
                "My {product} should have come on {weekday} but it isn't here. Where is it?",
                "Why didn't my {product} arrive on {weekday} as promised?",
                "I waited in all {weekday} for the {product} and nobody came. What happened?",
                "You said {weekday} for the {product}, and I still don't have it. Where has it got to?",
                "The {product} was due on {weekday} and never turned up, can you look into it?",
                "Still no {product}! It was meant to be delivered on {weekday}. Where is it?",
            ),
        ),
        Intent(
            "delivery_slot",
            (
                "What time will my {product} be delivered on {weekday}?",
                "My {product} comes on {weekday}. Morning or afternoon?",
                "Can you tell me roughly when to expect the {product} on {weekday}?",
                "At what hour does the driver bring the {product} on {weekday}?",
                "I'm getting my {product} on {weekday}, but when exactly during the day?",
                "Do you know what time on {weekday} the {product} is going to get here?",
            ),
        ),
    ),
)
