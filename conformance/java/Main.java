import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;

/** Huawei's client for Java, driven by conformance/sdk.ts, which says what to call and judges what is printed. */
final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 2) throw new IllegalArgumentException("operations or end-to-end, and the file of the job");
    Job job = new ObjectMapper().readValue(new File(arguments[1]), Job.class);
    try {
      if (arguments[0].equals("operations")) new Operations(job).run();
      else new EndToEnd(job).run();
    } catch (Throwable cause) {
      cause.printStackTrace();
      System.exit(1);
    }
    // The SDK's threads would keep the process for another minute.
    System.exit(0);
  }
}
