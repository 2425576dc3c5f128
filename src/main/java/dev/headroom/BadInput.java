package dev.headroom;

/**
 * Input from the user that cannot be used. The message is one line: what is wrong, where, and what to do. Control
 * characters in it are replaced. The command line prints it without a stack trace and ends with exit code 2.
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
