"""Sample questions about the home: moving house, bills, subscriptions."""

from __future__ import annotations

from textsiam.data.sample_topics import Intent, Topic

MOVING = Topic(
    name="moving",
    slots={"utility": "utility", "old": "town", "new": "town"},
    ordered=("old", "new"),
    intents=(
        Intent(
            "moving_keep_contract",
            (
                "I'm moving [from {old}] [to {new}]. Can I keep my {utility} contract?",
                "Can my {utility} contract come with me when I move [to {new}] [from {old}]?",
                "How do I take my {utility} contract along when I leave {old} for {new}?",
                "We move [from {old}] [to {new}] soon and would like to stay with you for {utility}. Is that possible?",
                "Is it possible to hold on to my {utility} contract after a move [from {old}] [to {new}]?",
                "Our flat in {old} is sold and we're off to {new}, can the {utility} contract just go on there?",
            ),
        ),
        Intent(
            "moving_end_contract",
            (
                "I'm moving [from {old}] [to {new}]. Can I get out of my {utility} contract?",
                "Can my {utility} contract be cancelled when I move [to {new}] [from {old}]?",
                "How do I give up my {utility} contract when I leave {old} for {new}?",
                "We move [from {old}] [to {new}] soon and don't want to stay with you for {utility}. Is that possible?",
                "Is it possible to end my {utility} contract because of a move [from {old}] [to {new}]?",
                "Our flat in {old} is sold and we're off to {new}, can the {utility} contract just stop?",
            ),
            opposite="moving_keep_contract",
        ),
        Intent(
            "moving_notice",
            (
                "How early must I tell you that I'm moving [from {old}] [to {new}]? It's about {utility}.",
                "When do I have to let the {utility} company know about a move [from {old}] [to {new}]?",
                "I'm leaving {old} for {new}. How many weeks ahead do you need to know, for {utility}?",
                "How much notice do you want for {utility} if I move [to {new}] [from {old}]?",
                "What's the latest I can report my move [from {old}] [to {new}] for {utility}?",
                "By when do I need to report a change of address [from {old}] [to {new}] for {utility}?",
            ),
        ),
    ),
)

BILLS = Topic(
    name="bills",
    slots={"utility": "utility", "month": "month"},
    intents=(
        Intent(
            "bill_on_paper",
            (
                "How do I get my {utility} bill on paper from {month} on?",
                "Can you post me the {utility} bill instead of emailing it, starting in {month}?",
                "I'd like a printed {utility} bill again from {month}, how do I ask for that?",
                "As of {month}, please send the {utility} bill by post.",
                "Where do I switch to paper bills for {utility}, starting with {month}?",
                "I prefer my {utility} bills in the letter box. Can you do that from {month}?",
            ),
        ),
        Intent(
            "bill_paperless",
            (
                "How do I stop getting my {utility} bill on paper from {month} on?",
                "Can you email me the {utility} bill instead of posting it, starting in {month}?",
                "I don't want a printed {utility} bill any more from {month}, how do I get it online only?",
                "As of {month}, please don't send the {utility} bill by post but by email.",
                "Where do I switch to paperless bills for {utility}, starting with {month}?",
                "I prefer my {utility} bills by email. Can you do that from {month}?",
            ),
            opposite="bill_on_paper",
        ),
        Intent(
            "bill_too_high",
            (
                "Why is my {utility} bill for {month} so high?",
                "My {utility} bill went up a lot in {month}. What happened?",
                "I think the {utility} bill for {month} is too much, can somebody explain it?",
                "How can it be that I owe this much for {utility} in {month}?",
                "What made my {utility} costs jump in {month}?",
                "The amount on the {month} {utility} bill is far more than usual, why?",
            ),
        ),
        Intent(
            "bill_too_low",
            (
                "Why is my {utility} bill for {month} so low?",
                "My {utility} bill went down a lot in {month}. What happened?",
                "I think the {utility} bill for {month} is too little, can somebody explain it?",
                "How can it be that I owe this little for {utility} in {month}?",
                "What made my {utility} costs drop in {month}?",
                "The amount on the {month} {utility} bill is far less than usual, why?",
            ),
            opposite="bill_too_high",
        ),
        Intent(
            "bill_instalments",
            (
                "Can I pay my {month} {utility} bill in instalments?",
                "I can't pay the {utility} bill for {month} all at once. Can we split it up?",
                "Is it possible to spread the {utility} bill for {month} over a few payments?",
                "Do you offer a payment plan for {utility}? It's about the bill for {month}.",
                "How can I pay off the {utility} bill for {month} bit by bit?",
                "Money is tight. Could I pay for {utility} in {month} in smaller parts?",
            ),
        ),
    ),
)

SUBSCRIPTIONS = Topic(
    name="subscriptions",
    slots={"service": "service", "month": "month"},
    intents=(
        Intent(
            "renewal_on",
            (
                "How do I turn on automatic renewal for my {service} subscription in {month}?",
                "I want my {service} subscription to renew by itself in {month}. Where do I set that?",
                "Can you make sure that my {service} subscription is renewed automatically in {month}?",
                "Please switch auto-renew on, my {service} plan runs out in {month}.",
                "Where is the setting to have {service} continue by itself after {month}?",
                "My {service} subscription ends in {month}. How can I have it extended automatically?",
            ),
        ),
        Intent(
            "renewal_off",
            (
                "How do I turn off automatic renewal for my {service} subscription in {month}?",
                "I don't want my {service} subscription to renew by itself in {month}. Where do I set that?",
                "Can you make sure that my {service} subscription isn't renewed automatically in {month}?",
                "Please switch auto-renew off, my {service} plan runs out in {month}.",
                "Where is the setting to keep {service} from continuing by itself after {month}?",
                "My {service} subscription ends in {month}. How can I stop it from being extended automatically?",
            ),
            opposite="renewal_on",
        ),
        Intent(
            "charged_twice",
            (
                "Why was I charged twice for {service} in {month}?",
                "You took the {service} fee from my account two times in {month}. Why?",
                "I see two payments for my {service} subscription in {month}, how did that happen?",
                "My statement for {month} shows the {service} charge twice. What went wrong?",
                "I think I paid double for {service} in {month}. Why is that?",
                "How come there are two {service} payments on my {month} statement?",
            ),
        ),
        Intent(
            "subscription_invoice",
            (
                "Where can I download the invoice for my {service} subscription for {month}?",
                "I need the {month} receipt for {service}. Where do I find it?",
                "Could you send me the {service} invoice for {month}?",
                "How do I get a bill for what I paid for {service} in {month}?",
                "My accountant wants the {service} invoice from {month}, how can I get it?",
                "I never got an invoice for {service} in {month}. Where is it?",
            ),
        ),
        Intent(
            "subscription_pause",
            (
                "Can I pause my {service} subscription in {month}?",
                "How do I put my {service} plan on hold for {month}?",
                "I won't use {service} in {month}. Is there a way to take a break and come back later?",
                "Is it possible to suspend {service} just for {month}?",
                "I'd like to freeze my {service} subscription during {month}, what do I do?",
                "Taking a one-month break from {service} in {month}, does that work?",
            ),
        ),
    ),
)
