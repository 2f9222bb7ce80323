package carteiro.password;

/** Whether a password is the one that is stored. */
public sealed interface PasswordCheck {
    /** It is. */
    record PasswordMatches() implements PasswordCheck {}

    /** It is not. */
    record PasswordDiffers() implements PasswordCheck {}

    /**
     * That cannot be told here, nor by trying again.
     *
     * @param reason for the operator; holds nothing of what is stored but the name of its scheme and its costs
     */
    record PasswordUnusable(String reason) implements PasswordCheck {}
}
