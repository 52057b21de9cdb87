"""textsiam in the tools that people have already: one file per neighbour, each loaded only when it is asked for."""
