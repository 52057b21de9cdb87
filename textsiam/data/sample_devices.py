"""Sample questions about devices and software: files, formats, notifications, signing in."""

from __future__ import annotations

from textsiam.data.sample_topics import Intent, Topic

FILES = Topic(
    name="files",
    slots={"files": "files", "source": "drive", "target": "drive"},
    ordered=("source", "target"),
    intents=(
        Intent(
            "files_copy",
            (
                "How do I copy {files} [from my {source}] [to my {target}]?",
                "What's the easiest way to get {files} [from my {source}] [onto my {target}]?",
                "I want to put the {files} that are on my {source} on my {target} as well. How?",
                "Copying {files} [to my {target}] [from my {source}], how does it work?",
                "How can I transfer {files} [to the {target}] [from the {source}]?",
                "My {files} are on my {source} and I need a copy on my {target}. What do I do?",
                "Can someone explain how to copy {files} off my {source} and onto my {target}?",
            ),
        ),
        Intent(
            "files_copy_slow",
            (
                "Copying {files} [from my {source}] [to my {target}] is very slow. What can I do about it?",
                "It takes forever to get {files} [from my {source}] [onto my {target}]. How do I make it go faster?",
                "How can I speed up copying {files} [to my {target}] [from my {source}]?",
                "Moving {files} [from the {source}] [to the {target}] takes hours, can I make it faster?",
                "I'm putting {files} from my {source} on my {target} and it crawls. What can I do?",
                "What can I do to make it quicker when {files} go from my {source} to my {target}?",
            ),
        ),
        Intent(
            "files_sync_on",
            (
                "How do I have {files} synced automatically [from my {source}] [to my {target}]?",
                "Where do I turn on automatic copying of {files} [from the {source}] [to the {target}]?",
                "I want new {files} to go [to my {target}] [from my {source}] by themselves. How do I set that up?",
                "Can I make {files} on my {source} show up on my {target} automatically?",
                "How can I start syncing {files} [from my {source}] [onto my {target}]?",
                "What do I need to do so that my {target} always gets the {files} from my {source}?",
            ),
        ),
        Intent(
            "files_sync_off",
            (
                "How do I stop {files} being synced automatically [from my {source}] [to my {target}]?",
                "Where do I turn off automatic copying of {files} [from the {source}] [to the {target}]?",
                "I don't want new {files} to go [to my {target}] [from my {source}] by themselves. How do I end that?",
                "Can I keep {files} on my {source} from showing up on my {target} automatically?",
                "How can I quit syncing {files} [from my {source}] [onto my {target}]?",
                "What do I need to do so that my {target} no longer gets the {files} from my {source}?",
            ),
            opposite="files_sync_on",
        ),
    ),
)

FORMATS = Topic(
    name="formats",
    slots={"document": "document", "source": "format", "target": "format"},
    ordered=("source", "target"),
    intents=(
        Intent(
            "format_convert",
            (
                "How do I convert my {document} [from {source}] [to {target}]?",
                "I have my {document} in {source} and need it in {target}. How do I do that?",
                "What is the best way to turn the {document} [from {source}] [into {target}]?",
                "Can you tell me how to get my {document} as {target}? It is in {source} now.",
                "How can I change my {document} [to {target}] [from {source}]?",
                "Which menu do I use to save my {source} {document} as {target}?",
                "Converting my {document} [from {source}] [to {target}], how do I go about it?",
            ),
        ),
        Intent(
            "format_broken",
            (
                "My {document} looks wrong after I convert it [from {source}] [to {target}]. How do I fix that?",
                "The layout of my {document} is broken after going [from {source}] [to {target}]. What can I do?",
                "I turned my {source} {document} into {target} and now the pages are a mess, what can I do?",
                "Changing my {document} [to {target}] [from {source}] ruins the layout. How do I fix it?",
                "My {document} was fine in {source} but looks terrible since I converted it to {target}. What helps?",
                "How do I keep the layout of my {document} intact when it goes [from {source}] [to {target}]?",
            ),
        ),
        Intent(
            "format_with_images",
            (
                "How do I convert my {document} [from {source}] [to {target}] with the pictures?",
                "I want to keep the images when I turn my {document} [from {source}] [into {target}]. How?",
                "Can I change my {document} [to {target}] [from {source}] and still have the pictures in it?",
                "My {source} {document} has images, how do I get them into the {target} file too?",
                "What do I do to have the pictures included when I save my {source} {document} as {target}?",
                "Converting my {document} from {source} to {target}: how can I make sure that the images stay?",
            ),
        ),
        Intent(
            "format_without_images",
            (
                "How do I convert my {document} [from {source}] [to {target}] without the pictures?",
                "I want to drop the images when I turn my {document} [from {source}] [into {target}]. How?",
                "Can I change my {document} [to {target}] [from {source}] and not have the pictures in it?",
                "My {source} {document} has images, how do I keep them out of the {target} file?",
                "What do I do to have the pictures left out when I save my {source} {document} as {target}?",
                "Converting my {document} from {source} to {target}: how can I make sure that the images go?",
            ),
            opposite="format_with_images",
        ),
    ),
)

NOTIFICATIONS = Topic(
    name="notifications",
    slots={"app": "app", "device": "device"},
    intents=(
        Intent(
            "notifications_on",
            (
                "How do I turn on notifications from the {app} app on my {device}?",
                "Where can I enable {app} alerts on my {device}?",
                "I want my {device} to tell me when there's something new in the {app} app. How?",
                "What do I have to do to be notified by the {app} app on my {device}?",
                "How can I let the {app} app send me notifications on my {device}?",
                "Which setting makes {app} messages pop up on my {device}?",
            ),
        ),
        Intent(
            "notifications_off",
            (
                "How do I turn off notifications from the {app} app on my {device}?",
                "Where can I disable {app} alerts on my {device}?",
                "I don't want my {device} to tell me when there's something new in the {app} app. How?",
                "What do I have to do to no longer be notified by the {app} app on my {device}?",
                "How can I stop the {app} app from sending me notifications on my {device}?",
                "Which setting keeps {app} messages from popping up on my {device}?",
            ),
            opposite="notifications_on",
        ),
        Intent(
            "app_crashes",
            (
                "How do I stop the {app} app from crashing on my {device}?",
                "The {app} app closes by itself on my {device}. What can I do?",
                "Every time I open the {app} app on my {device} it shuts down again, how do I fix that?",
                "My {device} can't run the {app} app for more than a minute before it crashes. Any ideas?",
                "What helps if the {app} app quits all the time on the {device}?",
                "{app} app crashing on my {device}, please help",
            ),
        ),
        Intent(
            "app_update",
            (
                "How do I update the {app} app on my {device}?",
                "Where do I get the newest version of the {app} app for my {device}?",
                "The {app} app on my {device} is out of date. How can I bring it up to date?",
                "I'd like to install the latest {app} app on my {device}, how?",
                "What's the way to upgrade the {app} app to the current version on my {device}?",
                "My {device} still has an old version of the {app} app. How do I get the new one?",
            ),
        ),
    ),
)

SIGN_IN = Topic(
    name="sign_in",
    slots={"app": "app", "device": "device"},
    intents=(
        Intent(
            "can_still_sign_in",
            (
                "Why can I still log in to the {app} site on my {device} after I closed my account?",
                "I closed my {app} account but can sign in on my {device} as before. How come?",
                "How is it possible that my closed {app} account works when I log in on my {device}?",
                "My {device} still lets me into the {app} site although I closed the account, why is that?",
                "Account closed, and yet I can get into the {app} site on my {device}. What's the reason?",
                "I gave up my {app} account. Why am I able to log in with my {device}?",
            ),
        ),
        Intent(
            "cannot_sign_in",
            (
                "Why can't I log in to the {app} site on my {device} after I reopened my account?",
                "I reopened my {app} account but can't sign in on my {device}. How come?",
                "How is it possible that my reopened {app} account doesn't work when I log in on my {device}?",
                "My {device} doesn't let me into the {app} site although I reopened the account, why is that?",
                "Account reopened, and yet I can't get into the {app} site on my {device}. What's the reason?",
                "I have my {app} account back. Why am I unable to log in with my {device}?",
            ),
            opposite="can_still_sign_in",
        ),
        Intent(
            "stay_signed_in",
            (
                "How do I stay signed in to the {app} site on my {device}?",
                "I don't want to enter my password each time I visit the {app} site on my {device}. What can I do?",
                "Can my {device} keep me logged in to the {app} site?",
                "The {app} site makes me log in again and again on my {device}. How do I stop that?",
                "What do I tick so that the {app} site remembers me on my {device}?",
                "Is there a way to be logged in to the {app} site all the time on my {device}?",
            ),
        ),
        Intent(
            "not_stay_signed_in",
            (
                "How do I not stay signed in to the {app} site on my {device}?",
                "I want to enter my password each time I visit the {app} site on my {device}. What can I do?",
                "Can I keep my {device} from leaving me logged in to the {app} site?",
                "The {app} site never makes me log in again on my {device}. How do I change that?",
                "What do I tick so that the {app} site forgets me on my {device}?",
                "Is there a way to be logged out of the {app} site after each visit on my {device}?",
            ),
            opposite="stay_signed_in",
        ),
        Intent(
            "reset_password",
            (
                "How do I reset my password for the {app} site on my {device}?",
                "I forgot my {app} password and only have my {device} with me. How do I get a new one?",
                "Can I choose a new password for the {app} site from my {device}?",
                "I can't remember the password for the {app} site, how do I set another one on my {device}?",
                "Where on my {device} do I find the forgotten password link for the {app} site?",
                "Need a new password for the {app} site, using my {device}. What are the steps?",
            ),
        ),
    ),
)
