"""Sample questions from the office: mail, tasks, access."""

from __future__ import annotations

from textsiam.data.sample_topics import Intent, Topic

MAIL = Topic(
    name="mail",
    slots={"mail": "mail", "source": "address", "target": "address"},
    ordered=("source", "target"),
    intents=(
        Intent(
            "mail_forward",
            (
                "How do I forward {mail} [from my {source} address] [to my {target} address]?",
                "I want {mail} sent on [from my {source} address] [to my {target} address]. How?",
                "How can I make sure that {mail} go [to my {target} address] [from my {source} address] as well?",
                "Where do I set up a rule that passes {mail} [from my {source} address] [to my {target} address]?",
                "My {source} address gets {mail} that I want to read at my {target} address. How do I redirect them?",
                "Is there a setting to forward {mail} from the {source} inbox to the {target} inbox?",
            ),
        ),
        Intent(
            "mail_stop_forwarding",
            (
                "How do I stop forwarding {mail} [from my {source} address] [to my {target} address]?",
                "I don't want {mail} sent on [from my {source} address] [to my {target} address]. How do I stop it?",
                "How can I make sure that {mail} no longer go [to my {target} address] [from my {source} address]?",
                "Where do I delete the rule that passes {mail} [from my {source} address] [to my {target} address]?",
                "My {source} address gets {mail} that I no longer want at my {target} address. How do I end that?",
                "Is there a setting to no longer forward {mail} from the {source} inbox to the {target} inbox?",
            ),
            opposite="mail_forward",
        ),
        Intent(
            "mail_lost",
            (
                "I forward {mail} [from my {source} address] [to my {target} address] but they never arrive. Why?",
                "Why do {mail} get lost on the way [from my {source} address] [to my {target} address]?",
                "My {mail} are forwarded [to my {target} address] [from my {source} address], but none come. Why?",
                "{mail} sent on from my {source} address don't show up at my {target} address, why is that?",
                "What's the reason that {mail} don't make it [from my {source} address] [to my {target} address]?",
                "The rule for {mail} from the {source} inbox to the {target} inbox is on but fails. Any idea why?",
            ),
        ),
    ),
)

HANDOVER = Topic(
    name="handover",
    slots={"task": "task", "old": "name", "new": "name"},
    ordered=("old", "new"),
    intents=(
        Intent(
            "handover_do",
            (
                "How do I hand over the {task} [from {old}] [to {new}]?",
                "Can you move the {task} [from {old}] [to {new}]?",
                "Please reassign the {task} [to {new}] [from {old}].",
                "{old} looks after the {task} now and {new} should take over. What do I have to do?",
                "I'd like {new} to be in charge of the {task} instead of {old}. How do I change that?",
                "The {task} has to go [from {old}] [to {new}], where do I enter that?",
                "{new} is taking the {task} over from {old}. How do I put that in the system?",
            ),
        ),
        Intent(
            "handover_when",
            (
                "When will the {task} be handed over [from {old}] [to {new}]?",
                "On what day does the {task} pass [from {old}] [to {new}]?",
                "Do you know when {new} takes over the {task} from {old}?",
                "From which date on will {new} look after the {task} instead of {old}?",
                "Is there a date for the {task} going [to {new}] [from {old}]?",
                "How soon is the {task} moving [from {old}] [to {new}]?",
            ),
        ),
        Intent(
            "handover_approve",
            (
                "Who approves that the {task} goes [from {old}] [to {new}]?",
                "Whose OK do I need to give the {task} [to {new}] [from {old}]?",
                "Who has to sign off when the {task} moves [from {old}] [to {new}]?",
                "Which manager must agree before {new} takes over the {task} from {old}?",
                "Who do I ask for permission to pass the {task} [from {old}] [to {new}]?",
                "I want {new} to have the {task} instead of {old}. Who decides about that?",
            ),
        ),
    ),
)

ACCESS = Topic(
    name="access",
    slots={"name": "name", "resource": "resource"},
    intents=(
        Intent(
            "access_give",
            (
                "How do I give {name} access to the {resource}?",
                "{name} needs to get into the {resource}. How can I allow that?",
                "Please add {name} to the {resource}.",
                "Where do I grant {name} permission to use the {resource}?",
                "Can you let {name} into the {resource}?",
                "What should I do so that {name} can open the {resource} from now on?",
            ),
        ),
        Intent(
            "access_remove",
            (
                "How do I take away access to the {resource} from {name}?",
                "{name} shouldn't get into the {resource} any more. How can I prevent that?",
                "Please remove {name} from the {resource}.",
                "Where do I revoke the permission of {name} to use the {resource}?",
                "Can you lock {name} out of the {resource}?",
                "What should I do so that {name} can't open the {resource} from now on?",
            ),
            opposite="access_give",
        ),
        Intent(
            "access_why_not",
            (
                "Why can't {name} see the {resource}?",
                "{name} gets an error when opening the {resource}. What is the reason?",
                "The {resource} doesn't load for {name}, do you know why?",
                "What keeps {name} from viewing the {resource}?",
                "{name} says the {resource} isn't visible to them. How come?",
                "Can you find out why the {resource} won't open for {name}?",
            ),
        ),
        Intent(
            "access_why",
            (
                "Why can {name} see the {resource}?",
                "{name} gets no error when opening the {resource}. What is the reason?",
                "The {resource} loads for {name} although it shouldn't, do you know why?",
                "What makes it possible for {name} to view the {resource}?",
                "{name} says the {resource} is visible to them. How come?",
                "Can you find out why the {resource} opens for {name}?",
            ),
            opposite="access_why_not",
        ),
        Intent(
            "access_history",
            (
                "When did {name} last open the {resource}?",
                "Can I see when {name} used the {resource} for the last time?",
                "Is there a log that shows when {name} was last in the {resource}?",
                "How do I find out the last time {name} looked at the {resource}?",
                "What was the most recent visit of {name} to the {resource}?",
                "I need the date on which {name} last logged in to the {resource}. Where is it?",
            ),
        ),
    ),
)
