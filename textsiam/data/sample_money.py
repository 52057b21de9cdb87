"""Sample questions about money: currencies, accounts, plans."""

from __future__ import annotations

from textsiam.data.sample_topics import Intent, Topic

CURRENCIES = Topic(
    name="currencies",
    slots={"source": "currency", "target": "currency"},
    ordered=("source", "target"),
    intents=(
        Intent(
            "currency_convert",
            (
                "How do I convert my balance [from {source}] [to {target}]?",
                "I'd like to exchange {source} for {target}. Where in the app can I do that?",
                "Can I change the money in my wallet [from {source}] [into {target}] online?",
                "Where do I turn {source} into {target}?",
                "Steps to switch a balance [to {target}] [from {source}]?",
                "I have {source} in my account and want to change it to {target}, how?",
                "What do I need to do to swap {source} for {target} in my account?",
            ),
        ),
        Intent(
            "currency_rate",
            (
                "What is the exchange rate [from {source}] [to {target}] today?",
                "How much {target} do I get for {source} at the moment?",
                "Where can I see the current rate for changing {source} to {target}?",
                "Which rate do you use when I convert [from {source}] [into {target}]?",
                "Today's rate [to {target}] [from {source}], please?",
                "Could you tell me what {source} is worth in {target} right now?",
            ),
        ),
        Intent(
            "currency_with_fee",
            (
                "Do you charge a fee for converting [from {source}] [to {target}]?",
                "Is there a commission when I change {source} to {target}?",
                "Do I pay anything extra when I exchange {source} for {target}?",
                "Does it cost anything to convert money [from {source}] [into {target}]?",
                "Are there any charges for switching [to {target}] [from {source}]?",
                "Will I be billed a conversion fee if I turn {source} into {target}?",
            ),
        ),
        Intent(
            "currency_without_fee",
            (
                "How can I convert [from {source}] [to {target}] without a fee?",
                "Is there a way to change {source} to {target} and pay no commission?",
                "What must I do to avoid extra costs when I exchange {source} for {target}?",
                "How do I convert money [from {source}] [into {target}] free of charge?",
                "Can I switch [to {target}] [from {source}] without being charged?",
                "I don't want to be billed a conversion fee when I turn {source} into {target}, is that possible?",
            ),
            opposite="currency_with_fee",
        ),
    ),
)

ACCOUNTS = Topic(
    name="accounts",
    slots={"amount": "amount", "source": "account", "target": "account"},
    ordered=("source", "target"),
    intents=(
        Intent(
            "account_transfer",
            (
                "How do I transfer {amount} [from my {source} account] [to my {target} account]?",
                "I want to move {amount} [to my {target} account] [from my {source} account]. How does it work?",
                "How can I take {amount} out of my {source} account and put it into my {target} account?",
                "Can you explain how to send {amount} [from my {source} account] [to the {target} account]?",
                "Where do I find the form to shift {amount} from the {source} account to the {target} account?",
                "I need {amount} in my {target} account and it's in my {source} account, how do I move it?",
            ),
        ),
        Intent(
            "account_transfer_time",
            (
                "How long does it take to move {amount} [from my {source} account] [to my {target} account]?",
                "When will {amount} arrive if I send it [to my {target} account] [from my {source} account]?",
                "I sent {amount} [from my {source} account] [to my {target} account]. When will it be there?",
                "How many days does a transfer of {amount} from the {source} account to the {target} account need?",
                "How soon can I expect {amount} from my {source} account to show up in my {target} account?",
                "Is the money there at once when I pay {amount} [from my {source} account] [into my {target} account],"
                " or how long do I wait?",
            ),
        ),
        Intent(
            "account_standing_order_start",
            (
                "How do I set up a standing order of {amount} [from my {source} account] [to my {target} account]?",
                "Can I have {amount} moved every month [from my {source} account] [to my {target} account]?",
                "I'd like to start paying {amount} a month [into my {target} account] [from my {source} account]. How?",
                "Please start a monthly transfer of {amount} from my {source} account to my {target} account.",
                "Where do I create a regular payment of {amount} from the {source} account to the {target} account?",
                "I want {amount} to go out of my {source} account and into my {target} account each month. How?",
            ),
        ),
        Intent(
            "account_standing_order_stop",
            (
                "How do I cancel the standing order of {amount} [from my {source} account] [to my {target} account]?",
                "Can I stop having {amount} moved every month [from my {source} account] [to my {target} account]?",
                "I no longer want to pay {amount} a month [into my {target} account] [from my {source} account]. How do"
                " I stop it?",
                "Please end the monthly transfer of {amount} from my {source} account to my {target} account.",
                "Where do I delete a regular payment of {amount} from the {source} account to the {target} account?",
                "I don't want {amount} to go out of my {source} account and into my {target} account each month any"
                " more. What do I do?",
            ),
            opposite="account_standing_order_start",
        ),
    ),
)

PLANS = Topic(
    name="plans",
    slots={"service": "service", "old": "plan", "new": "plan"},
    ordered=("old", "new"),
    intents=(
        Intent(
            "plan_switch",
            (
                "How do I switch my {service} subscription [from {old}] [to {new}]?",
                "I'm on the {old} plan for {service} and want to move to {new}. How?",
                "Can I change my {service} plan [to {new}] [from {old}] online?",
                "Please move my {service} subscription from the {old} plan to the {new} plan.",
                "What do I have to click to swap {old} for {new} in my {service} subscription?",
                "Changing the {service} plan [from {old}] [to {new}], how is it done?",
                "I'd rather have {new} than {old} for my {service} subscription. Where can I change it?",
            ),
        ),
        Intent(
            "plan_switch_cost",
            (
                "What does it cost to switch my {service} subscription [from {old}] [to {new}]?",
                "Is there a charge for changing the {service} plan [from {old}] [to {new}]?",
                "I'd like to move [to {new}] [from {old}] in my {service} subscription. How much will that be?",
                "How much is the fee if I swap {old} for {new} in my {service} subscription?",
                "Do I have to pay anything to get from the {old} plan to the {new} plan with {service}?",
                "My {service} plan is {old}. What would a change to {new} cost me?",
            ),
        ),
        Intent(
            "plan_was_switched",
            (
                "Why was my {service} subscription changed [from {old}] [to {new}]?",
                "My {service} plan went [from {old}] [to {new}]. What is the reason?",
                "Can you explain why you moved me [to {new}] [from {old}] for {service}?",
                "How come my {service} subscription was switched from the {old} plan to the {new} plan?",
                "I see that {old} was swapped for {new} in my {service} subscription, why?",
                "What made you change my {service} plan from {old} to {new}?",
            ),
        ),
        Intent(
            "plan_was_not_switched",
            (
                "Why was my {service} subscription not changed [from {old}] [to {new}]?",
                "My {service} plan didn't go [from {old}] [to {new}]. What is the reason?",
                "Can you explain why you haven't moved me [to {new}] [from {old}] for {service}?",
                "How come my {service} subscription wasn't switched from the {old} plan to the {new} plan?",
                "I see that {old} still hasn't been swapped for {new} in my {service} subscription, why?",
                "What kept you from changing my {service} plan from {old} to {new}?",
            ),
            opposite="plan_was_switched",
        ),
    ),
)
