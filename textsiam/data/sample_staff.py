"""Sample questions from members of staff: leave, meetings, printing."""

from __future__ import annotations

from textsiam.data.sample_topics import Intent, Topic

LEAVE = Topic(
    name="leave",
    slots={"leave": "leave", "month": "month"},
    intents=(
        Intent(
            "leave_must_have_form",
            (
                "Do I have to hand in a form for {leave} in {month}?",
                "Is a form required when I take {leave} in {month}?",
                "I'm taking {leave} in {month}. Must I fill in a form?",
                "Am I obliged to submit a form before my {leave} in {month}?",
                "My {leave} starts in {month}, is there a form that I need to send you?",
                "Does anybody need a form from me for {leave} in {month}?",
            ),
        ),
        Intent(
            "leave_no_form",
            (
                "Why do I not have to hand in a form for {leave} in {month}?",
                "How come no form is required when I take {leave} in {month}?",
                "I'm taking {leave} in {month}. Why is there no need to fill in a form?",
                "What's the reason I'm not obliged to submit a form before my {leave} in {month}?",
                "My {leave} starts in {month}, why is there no form that I need to send you?",
                "Why does nobody need a form from me for {leave} in {month}?",
            ),
            opposite="leave_must_have_form",
        ),
        Intent(
            "leave_days",
            (
                "How many days of {leave} do I have left in {month}?",
                "What is my {leave} balance for {month}?",
                "Where can I see how much {leave} I can still take in {month}?",
                "I'd like to know the number of {leave} days remaining in {month}, where do I look?",
                "Could you check how many {leave} days are left for me in {month}?",
                "Remaining {leave} for {month}, where is it shown?",
            ),
        ),
        Intent(
            "leave_withdraw",
            (
                "How do I withdraw my request for {leave} in {month}?",
                "I asked for {leave} in {month} but don't need it now. How do I cancel that?",
                "Can I take back my {leave} request for {month}?",
                "Please cancel the {leave} I applied for in {month}.",
                "My plans fell through, so how can I call off my {leave} in {month}?",
                "Where do I delete an application for {leave} in {month}?",
            ),
        ),
    ),
)

MEETINGS = Topic(
    name="meetings",
    slots={"meeting": "meeting", "weekday": "weekday"},
    intents=(
        Intent(
            "meeting_record",
            (
                "How do I record the {meeting} on {weekday}?",
                "I want a recording of the {meeting} on {weekday}. What do I do?",
                "Can the online {meeting} on {weekday} be recorded?",
                "Where do I switch on recording for the {meeting} on {weekday}?",
                "Please record the {meeting} on {weekday}.",
                "Is there a button to have the {weekday} {meeting} recorded?",
            ),
        ),
        Intent(
            "meeting_no_record",
            (
                "How do I keep the {meeting} on {weekday} from being recorded?",
                "I don't want a recording of the {meeting} on {weekday}. What do I do?",
                "Can the online {meeting} on {weekday} be held without recording?",
                "Where do I switch off recording for the {meeting} on {weekday}?",
                "Please don't record the {meeting} on {weekday}.",
                "Is there a button to stop the {weekday} {meeting} from being recorded?",
            ),
            opposite="meeting_record",
        ),
        Intent(
            "meeting_invite",
            (
                "How do I invite somebody else to the {meeting} on {weekday}?",
                "Can I add another person to the {meeting} on {weekday}?",
                "I forgot to invite someone to the {weekday} {meeting}. How do I add them?",
                "A colleague would like to join the {meeting} on {weekday}, how can I send an invitation?",
                "Where do I put one more guest on the list for the {meeting} on {weekday}?",
                "Is it possible to bring one more person into the {weekday} {meeting}?",
            ),
        ),
        Intent(
            "meeting_no_sound",
            (
                "Why was there no sound in the {meeting} on {weekday}?",
                "I couldn't hear anything in the {meeting} on {weekday}. What went wrong?",
                "In the {weekday} {meeting} the others talked but I heard nothing, why?",
                "My speakers were silent during the {meeting} on {weekday}. Any idea why?",
                "What could be the reason that I had no audio in the {meeting} on {weekday}?",
                "No audio at the {weekday} {meeting}, what was the problem?",
            ),
        ),
    ),
)

PRINTING = Topic(
    name="printing",
    slots={"printer": "printer", "device": "device"},
    intents=(
        Intent(
            "print_both_sides",
            (
                "How do I print on both sides with the {printer} printer from my {device}?",
                "I'd like the {printer} printer to use both sides of the paper when I print from my {device}. How?",
                "Where is the double-sided option for the {printer} printer on my {device}?",
                "Can I set my {device} to two-sided printing on the {printer} printer?",
                "My {device} always prints on one side only at the {printer} printer. How do I change that?",
                "What do I select on my {device} to get double-sided pages from the {printer} printer?",
            ),
        ),
        Intent(
            "print_one_side",
            (
                "How do I print on one side only with the {printer} printer from my {device}?",
                "I don't want the {printer} printer to use both sides of the paper when I print from my {device}. How?",
                "Where do I switch off the double-sided option for the {printer} printer on my {device}?",
                "Can I set my {device} to one-sided printing on the {printer} printer?",
                "My {device} always prints on both sides at the {printer} printer. How do I change that?",
                "What do I select on my {device} to get single-sided pages from the {printer} printer?",
            ),
            opposite="print_both_sides",
        ),
        Intent(
            "printer_add",
            (
                "How do I add the {printer} printer to my {device}?",
                "I'd like to connect my {device} to the {printer} printer. What do I need to do?",
                "How can I set up the {printer} printer on my {device}?",
                "The {printer} printer isn't in the list on my {device} yet, how do I get it there?",
                "My {device} is new. How do I install the {printer} printer?",
                "What are the steps to hook up my {device} to the {printer} printer?",
            ),
        ),
        Intent(
            "printer_remove",
            (
                "How do I remove the {printer} printer from my {device}?",
                "I'd like to disconnect my {device} from the {printer} printer. What do I need to do?",
                "How can I delete the {printer} printer on my {device}?",
                "The {printer} printer is still in the list on my {device}, how do I get rid of it?",
                "I never use it. How do I uninstall the {printer} printer on my {device}?",
                "What are the steps to take the {printer} printer off my {device}?",
            ),
            opposite="printer_add",
        ),
        Intent(
            "printer_stuck",
            (
                "Why is my print job stuck? I sent it from my {device} to the {printer} printer.",
                "Nothing comes out of the {printer} printer when I print from my {device}. What's wrong?",
                "I sent a file to the {printer} printer from my {device} but it never printed, why?",
                "My {device} says that it is printing, but the {printer} printer does nothing. Why?",
                "What keeps the {printer} printer from printing what my {device} sent it?",
                "The {printer} printer ignores everything I print from my {device}. What could be the problem?",
            ),
        ),
    ),
)
