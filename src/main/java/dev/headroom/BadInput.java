package dev.headroom;

/**
 * Something the user gave cannot be used. The message is one sentence for the user: what is wrong, where, and what to
 * do about it. The command line prints it without a stack trace and ends with exit code 2. It is one line, whatever
 * names of files and other words of strangers went into it.
 */
public class BadInput extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BadInput(String message) {
        super(OneLine.of(message, " "));
    }

    public BadInput(String message, Throwable cause) {
        super(OneLine.of(message, " "), cause);
    }
}
