@rem Starts Headroom with the Java that is packed beside it.
@"%~dp0runtime\bin\java.exe" -jar "%~dp0lib\headroom.jar" %*
