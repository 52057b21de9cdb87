"""Sample questions about translations, appointments, libraries and courses."""

from __future__ import annotations

from textsiam.data.sample_topics import Intent, Topic

TRANSLATION = Topic(
    name="translation",
    slots={"document": "document", "source": "language", "target": "language"},
    ordered=("source", "target"),
    intents=(
        Intent(
            "translation_order",
            (
                "How do I have my {document} translated [from {source}] [into {target}]?",
                "I have my {document} in {source} and want it in {target}. Can you translate it?",
                "Can someone translate my {document} [from {source}] [into {target}]?",
                "I'm looking for somebody to put my {document} [into {target}] [from {source}]. Do you do that?",
                "Where can I get a translation of my {document} [from {source}] [to {target}]?",
                "My {source} {document} needs to be turned into {target}, who can do it for me?",
            ),
        ),
        Intent(
            "translation_price",
            (
                "What does it cost to translate my {document} [from {source}] [into {target}]?",
                "How much do you charge for putting my {document} [into {target}] [from {source}]?",
                "What is the price of a translation [from {source}] [into {target}]? It's for my {document}.",
                "I have my {document} in {source} and want it in {target}. What would I pay?",
                "How expensive is it to get my {source} {document} into {target}?",
                "Price for translating my {document} [from {source}] [to {target}], please?",
            ),
        ),
        Intent(
            "translation_certified",
            (
                "Can I get a certified translation of my {document} [from {source}] [into {target}]?",
                "I need my {document} translated [from {source}] [into {target}] and officially stamped. How?",
                "Is it possible to have my {document} put [into {target}] [from {source}] by a sworn translator?",
                "My {source} {document} must be in {target} for an office, do you do certified translations?",
                "Could you translate my {document} [from {source}] [to {target}] and certify it?",
                "I'm after an officially accepted translation of my {document} [from {source}] [to {target}].",
            ),
        ),
    ),
)

APPOINTMENTS = Topic(
    name="appointments",
    slots={"appointment": "appointment", "old": "weekday", "new": "weekday"},
    ordered=("old", "new"),
    intents=(
        Intent(
            "appointment_move",
            (
                "Can I move my {appointment} appointment [from {old}] [to {new}]?",
                "How do I change my {appointment} appointment [from {old}] [to {new}]?",
                "I'd like to have my {appointment} appointment on {new} instead of {old}. Is that possible?",
                "Please shift my {appointment} appointment [to {new}] [from {old}].",
                "My {appointment} appointment is on {old} but {new} would be better. Can we swap?",
                "Rescheduling my {appointment} appointment [from {old}] [to {new}], how do I go about it?",
            ),
        ),
        Intent(
            "appointment_moved",
            (
                "Why was my {appointment} appointment moved [from {old}] [to {new}]?",
                "My {appointment} appointment got changed [from {old}] [to {new}]. What's the reason?",
                "How come my {appointment} appointment is on {new} and no longer on {old}?",
                "You shifted my {appointment} appointment [to {new}] [from {old}], why?",
                "I was told {old} for my {appointment} appointment and now it says {new}. What happened?",
                "Could you explain why you put my {appointment} appointment on {new} instead of {old}?",
            ),
        ),
        Intent(
            "appointment_not_moved",
            (
                "Why was my {appointment} appointment not moved [from {old}] [to {new}]?",
                "My {appointment} appointment didn't get changed [from {old}] [to {new}]. What's the reason?",
                "How come my {appointment} appointment is not on {new} but still on {old}?",
                "You never shifted my {appointment} appointment [to {new}] [from {old}], why?",
                "I asked for {new} for my {appointment} appointment and it still says {old}. What happened?",
                "Could you explain why you didn't put my {appointment} appointment on {new} instead of {old}?",
            ),
            opposite="appointment_moved",
        ),
        Intent(
            "appointment_move_fee",
            (
                "Is there a fee for moving my {appointment} appointment [from {old}] [to {new}]?",
                "Does it cost anything to change my {appointment} appointment [from {old}] [to {new}]?",
                "Do I have to pay if my {appointment} appointment goes [to {new}] [from {old}]?",
                "Will you charge me for having my {appointment} appointment on {new} instead of {old}?",
                "My {appointment} appointment is on {old}. Would it be free to have it on {new}?",
                "If I shift my {appointment} appointment [from {old}] [to {new}], will you bill me for it?",
            ),
        ),
    ),
)

LIBRARY = Topic(
    name="library",
    slots={"item": "item", "branch": "branch"},
    intents=(
        Intent(
            "library_renew",
            (
                "How do I renew the {item} I borrowed from {branch} library?",
                "Can I keep the {item} from the {branch} branch for a few more weeks?",
                "I need more time with my {item} from {branch} library. How do I extend the loan?",
                "Is it possible to extend the loan of the {item} I got at {branch} library?",
                "My {item} is due back at {branch} soon, where can I renew it?",
                "Extending the loan on my {item} from {branch}, how does it work?",
            ),
        ),
        Intent(
            "library_lost",
            (
                "I lost the {item} I borrowed from {branch} library. What now?",
                "What happens now that I can't find the {item} from the {branch} branch?",
                "The {item} I had from {branch} library is gone, what should I do?",
                "I've lost my {item} from {branch} library. What am I supposed to do?",
                "What must I do about the {item} from {branch} that I lost?",
                "I can't give the {item} back to {branch} library because I lost it. What do I do?",
            ),
        ),
        Intent(
            "library_with_card",
            (
                "Can I borrow the {item} at {branch} library with my card?",
                "I have a library card. May I take the {item} home from {branch}?",
                "Is my card enough to check out the {item} from the {branch} branch?",
                "I want to use my card to borrow the {item} at {branch}, is that OK?",
                "Does the {branch} library lend me the {item} if I bring my card?",
                "Will they let me have the {item} at {branch} with a card?",
            ),
        ),
        Intent(
            "library_without_card",
            (
                "Can I borrow the {item} at {branch} library without my card?",
                "I don't have a library card. May I take the {item} home from {branch}?",
                "Is there a way to check out the {item} from the {branch} branch when I have no card?",
                "I want to borrow the {item} at {branch} but not use my card, is that OK?",
                "Does the {branch} library lend me the {item} if I don't bring my card?",
                "Will they let me have the {item} at {branch} without a card?",
            ),
            opposite="library_with_card",
        ),
    ),
)

COURSES = Topic(
    name="courses",
    slots={"course": "course", "month": "month"},
    intents=(
        Intent(
            "course_join",
            (
                "How do I sign up for the {course} course in {month}?",
                "I'd like to join the {course} class in {month}. Where do I enrol?",
                "Please put me on the list for the {course} course in {month}.",
                "What do I need to do to take part in the {course} course that starts in {month}?",
                "Can you book me a place in the {month} {course} course?",
                "Where's the form to register for {course} lessons in {month}?",
            ),
        ),
        Intent(
            "course_leave",
            (
                "How do I drop out of the {course} course in {month}?",
                "I'd like to leave the {course} class in {month}. How do I cancel?",
                "Please take me off the list for the {course} course in {month}.",
                "What do I need to do to no longer take part in the {course} course that starts in {month}?",
                "Can you give up my place in the {month} {course} course?",
                "Where's the form to withdraw from {course} lessons in {month}?",
            ),
            opposite="course_join",
        ),
        Intent(
            "course_price",
            (
                "How much is the {course} course in {month}?",
                "What does it cost to take the {course} class in {month}?",
                "What is the fee for {course} lessons in {month}?",
                "Could you tell me the price of the {month} {course} course?",
                "I'm interested in {course} in {month}, what would I have to pay?",
                "Is the {course} course in {month} expensive? What's the fee?",
            ),
        ),
        Intent(
            "course_beginner",
            (
                "Is the {course} course in {month} suitable for beginners?",
                "I have no {course} experience. Can I still take the class in {month}?",
                "Do I have to know anything already for the {course} class in {month}?",
                "Can someone with no experience join the {month} {course} course?",
                "I'm a complete beginner, is the {course} course in {month} right for me?",
                "What level is the {course} course in {month}, can I start from zero?",
            ),
        ),
    ),
)
